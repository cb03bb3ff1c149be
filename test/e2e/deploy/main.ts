import {
  createPushClient,
  defineChannel,
  fetchStream,
  iframeStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  xhrStream,
} from 'pinia-push/observables'

const techniques = {
  polling: () => polling({ minInterval: 100 }),
  longPolling,
  iframeStream,
  xhrStream,
  fetchStream,
  sse,
  webSocket,
  eventSource: () => sse({ native: true }),
}

/** What a test asks this page to do: to read so many channels by one technique. */
const read = (url: string, name: keyof typeof techniques, tokens: Readonly<Record<string, string>>) => {
  const seen: Record<string, string[]> = {}
  const push = createPushClient({
    technique: techniques[name](),
    backend: nchan({ heartbeat: 15_000 }),
    prepareRequest: ({ url: asked }) => ({
      query: { token: tokens[new URL(asked).pathname.split('/').at(-1) ?? ''] ?? '' },
    }),
  })
  for (const channel of Object.keys(tokens)) {
    const story: string[] = (seen[channel] = [])
    push.channel(defineChannel({ url: `${url}${channel}`, decode: (raw) => raw })()).events$.subscribe((event) => {
      if (event.type === 'message') story.push(event.data)
      else if (event.type === 'failed' || event.type === 'reconnecting') story.push(`${event.type} ${event.error.code}`)
      else if (event.type === 'open' && !event.unconfirmed) story.push('open')
    })
  }
  Object.assign(globalThis, { seen })
}
Object.assign(globalThis, { read })

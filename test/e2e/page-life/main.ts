import {
  createPushClient,
  fetchStream,
  iframeStream,
  longPolling,
  nchan,
  pageLife,
  polling,
  sse,
  webSocket,
  xhrStream,
  type PushEvent,
} from 'pinia-push/observables'

const techniques = { polling, longPolling, iframeStream, xhrStream, fetchStream, sse, webSocket }
const asked = new URLSearchParams(location.search)
const technique = techniques[asked.get('technique') as keyof typeof techniques]
const hidden = Number(asked.get('hidden') ?? Infinity)

// What the test reads.
const seen: string[] = []
Object.assign(globalThis, { seen })

const inWords = (event: PushEvent<unknown>): string => {
  if (event.type === 'message') return String(event.data)
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'idle') return `idle ${event.paused?.join() ?? ''}`
  if (event.type === 'waiting') return event.delay < 30_000 ? 'waiting' : 'waiting long'
  return event.type
}

addEventListener('pageshow', ({ persisted }) => persisted && seen.push('back from the cache'))
document.addEventListener('freeze', () => seen.push('frozen'))
createPushClient({ via: technique(), dialect: nchan(), life: pageLife({ hidden }) })
  .channel(`/push/${asked.get('channel')}`)
  .events$.subscribe((event) => seen.push(inWords(event)))

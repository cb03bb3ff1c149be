import { Subscription, filter, firstValueFrom } from 'rxjs'
import {
  createPushClient,
  fetchStream,
  iframeStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  xhrStream,
} from 'pinia-push/observables'

const TECHNIQUES = {
  polling: () => polling(),
  longPolling: () => longPolling(),
  iframeStream: () => iframeStream(),
  xhrStream: () => xhrStream(),
  fetchStream: () => fetchStream(),
  sse: () => sse(),
  eventSource: () => sse({ native: true }),
  webSocket: () => webSocket(),
}
export type Name = keyof typeof TECHNIQUES

/** Subscribes and unsubscribes: at once, while it connects, and when it is open. */
async function cycle(name: Name, times: number): Promise<void> {
  const push = createPushClient({ via: TECHNIQUES[name](), dialect: nchan(), linger: 0 })
  const channel = push.channel(`/push/${name}`)
  for (let n = 0; n < times; n += 1) {
    if (n % 3 === 0) channel.messages$.subscribe().unsubscribe()
    else if (n % 3 === 1) {
      const reading = channel.messages$.subscribe()
      await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5 }))
      reading.unsubscribe()
    } else await firstValueFrom(channel.events$.pipe(filter(({ type }) => type === 'open')))
  }
  push.close()
}

Object.assign(globalThis, { cycle, Subscription })

import {
  createPushClient,
  fetchStream,
  hub,
  iframeStream,
  longPolling,
  nchan,
  pageLifecycle,
  polling,
  sse,
  webSocket,
  xhrStream,
  type PushEvent,
} from 'pinia-push/observables'

const techniques = { polling, longPolling, iframeStream, xhrStream, fetchStream, sse, webSocket }
const asked = new URLSearchParams(location.search)
const technique = techniques[asked.get('technique') as keyof typeof techniques]
const hiddenTimeout = Number(asked.get('hidden') ?? Infinity)

// What the test reads.
const seen: string[] = []
Object.assign(globalThis, { seen })

const inWords = (event: PushEvent<unknown>): string => {
  if (event.type === 'message') return String(event.data)
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'idle') return `idle ${event.pausedBy?.join() ?? ''}`
  if (event.type === 'reconnecting') return event.delay < 30_000 ? 'reconnecting' : 'reconnecting long'
  return event.type
}

addEventListener('pageshow', ({ persisted }) => persisted && seen.push('back from the cache'))
document.addEventListener('freeze', () => seen.push('frozen'))
const isTopic = asked.has('topic')
createPushClient({
  technique: technique(),
  backend: isTopic ? hub() : nchan(),
  lifecycle: pageLifecycle({ hiddenTimeout }),
})
  .channel(`${isTopic ? '' : '/push/'}${asked.get('channel')}`)
  .events$.subscribe((event) => seen.push(inWords(event)))

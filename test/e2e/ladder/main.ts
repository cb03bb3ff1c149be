import {
  backoff,
  createPushClient,
  fallback,
  fetchStream,
  longPolling,
  nchan,
  pageLifecycle,
  polling,
  sse,
  webSocket,
  xhrStream,
  type PushEvent,
} from 'pinia-push/observables'
import type { Asked, Read } from './asked.ts'

const techniques = { polling, longPolling, xhrStream, fetchStream, sse, webSocket }

/** What the page saw, for the test to read. */
const seen: Read = { began: 0, events: [], numbers: [], at: [] }
let leave = () => {}

const inWords = (event: Exclude<PushEvent<unknown>, { type: 'message' }>): string => {
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'open') return `open ${event.technique}${event.unconfirmed ? ' presumed' : ''}`
  if (event.type === 'reconnecting' || event.type === 'failed') return `${event.type} ${event.error.code}`
  return event.type
}

/** Reads a channel of numbers, as the test asks. */
function read({ channel, rungs, ladder = {}, retry = {}, limits = {}, life }: Asked) {
  const rung = rungs.map((name) => techniques[name]())
  const [only] = rung
  const push = createPushClient({
    technique: only && rung.length === 1 ? only : fallback(ladder, ...rung),
    backend: nchan(),
    retry: backoff(retry),
    disconnectDelay: 0,
    ...limits,
    ...(life && { lifecycle: pageLifecycle() }),
  })
  const line = push.channel<number>(`/push/${channel}`)
  seen.began = Date.now()
  const reading = line.events$.subscribe((event) => {
    if (event.type !== 'message') return void seen.events.push({ at: Date.now(), said: inWords(event) })
    seen.numbers.push(event.data)
    seen.at.push(Date.now())
  })
  leave = () => reading.unsubscribe()
  return line
}

addEventListener('online', () => seen.events.push({ at: Date.now(), said: 'online' }))

let line: ReturnType<typeof read>
Object.assign(globalThis, {
  seen,
  read: (asked: Asked) => void (line = read(asked)),
  explain: () => line.explain(),
  leave: () => leave(),
})

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

const TECHNIQUES = { polling, longPolling, xhrStream, fetchStream, sse, webSocket }

/** The events of the page, for the test. */
const seen: Read = { began: 0, events: [], numbers: [], at: [] }
let leave = () => {}

const inWords = (event: Exclude<PushEvent<unknown>, { type: 'message' }>): string => {
  if (event.type === 'gap') return `gap ${event.reason}`
  if (event.type === 'open') return `open ${event.technique}${event.unconfirmed ? ' unconfirmed' : ''}`
  if (event.type === 'reconnecting' || event.type === 'failed') return `${event.type} ${event.error.code}`
  return event.type
}

/** Reads a channel of numbers with the test's options. */
function read({ channel, techniques, ladder = {}, retry = {}, limits = {}, life }: Asked) {
  const made = techniques.map((name) => TECHNIQUES[name]())
  const [only] = made
  const push = createPushClient({
    technique: only && made.length === 1 ? only : fallback(ladder, ...made),
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

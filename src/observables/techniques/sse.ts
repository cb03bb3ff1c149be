import { defer, type Observable } from 'rxjs'
import { selectPart } from '../backends/select-part.ts'
import { standardEventStream } from '../backends/standard/streams.ts'
import type { SourceEvent } from '../events.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { checkOption, isNames, wrongOption } from '../internal/check-options.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { readEventSource } from './event-source.ts'
import { fetchText } from './fetch-text.ts'
import type { PushRequest, Technique } from './technique.ts'
import { EVENT_STREAM, readEventStream } from './text-stream-reader.ts'

const NAME = 'sse'

export interface SseOptions {
  /**
   * Reads by the host's own EventSource instead of fetch. EventSource hides the status, `Retry-After` and comments, sends
   * no headers, and drops named events that `events` does not list. @default false
   */
  native?: boolean
  /** The event names to read when `native`. By fetch every event is read. @default [] */
  events?: readonly string[]
}

/**
 * Receives Server-Sent Events: one response that does not end, read by fetch event by event.
 *
 * The server responds with `Content-Type: text/event-stream`. An event's `id` is its cursor, `event` its name, and
 * `retry` the least time between attempts, in ms. The client resumes with `Last-Event-ID`. Status 204 ends the channel.
 *
 * Each channel keeps one connection, and over HTTP/1.1 a browser opens six per origin. A proxy that buffers responses
 * delays events.
 *
 * Errors with `connection-lost` at the end of the stream, `unexpected-response` for another content type, and
 * `connection-limit` if too few connections to the origin would be left. `native` errors with `network-error` instead,
 * because EventSource hides the cause, and with `headers-unsupported` if `prepareRequest` returns headers.
 *
 * @throws PushError `invalid-option` if `events` is not a list of names.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @example createPushClient({ technique: sse(), backend: standard({ heartbeat: 30_000 }) })
 */
export function sse({ native = false, events = [] }: SseOptions = {}): Technique {
  if (process.env.NODE_ENV !== 'production')
    checkOption(isNames(events), wrongOption('events', 'sse', events, 'Give a list of names.'))
  const connect = native ? (request: PushRequest) => readEventSource(NAME, events, request) : readByFetch
  return recordOptions(sse, [native, events], {
    name: NAME,
    isSupported: () => typeof (native ? globalThis.EventSource : fetch) === 'function',
    sendsHeaders: !native,
    connect: (request) => withConnectionSlot(request, NAME, connect(request)),
  })
}

const readByFetch = ({ backend: named, credentials, ...target }: PushRequest): Observable<SourceEvent> =>
  defer(() => {
    const backend = selectPart(named, 'eventStream', standardEventStream)
    return fetchText({
      technique: NAME,
      address: backend.buildRequest(target, true),
      accept: EVENT_STREAM,
      credentials,
      scheduler: target.scheduler,
      verdict: (head) => backend.verdict(head, target),
      fits: (type) => type === EVENT_STREAM,
      backend: named,
      read: (head, emit) => readEventStream(named, head, emit, target),
    })
  })

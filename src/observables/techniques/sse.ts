import { defer, type Observable } from 'rxjs'
import { selectPart } from '../backends/select-part.ts'
import { standardEventStream } from '../backends/standard/streams.ts'
import type { SourceEvent } from '../events.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import { checkOption, isNames, wrongOption } from '../internal/check-options.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { readEventSource } from './event-source.ts'
import { fetchText } from './fetch-text.ts'
import { streamRequest, type StreamRequest, type StreamRequestOptions } from './stream-request.ts'
import type { PushRequest, Technique } from './technique.ts'
import { EVENT_STREAM, readEventStream } from './text-stream-reader.ts'

const NAME = 'sse'

export interface SseOptions extends StreamRequestOptions {
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
 * With a `method` such as POST it sends one request, and ends with the response: for the answer of a language model, say. The
 * client does not retry it, unless it is `idempotent`, and unsubscribing aborts it.
 *
 * @throws PushError `invalid-option` if `events` is not a list of names, if a request by GET or EventSource has a `body`, or if
 * `end` or `connectTimeout` has another type.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @example createPushClient({ technique: sse(), backend: standard({ heartbeat: 30_000 }) })
 * @example push.channel('/chat', { technique: sse({ method: 'POST', body: { messages } }) })
 */
export function sse({ native = false, events = [], ...options }: SseOptions = {}): Technique {
  const sent = streamRequest('sse', options)
  if (process.env.NODE_ENV !== 'production') {
    checkOption(isNames(events), wrongOption('events', 'sse', events, 'Give a list of names.'))
    const { connectTimeout: _, ...byFetch } = options
    for (const [name, value] of Object.entries(byFetch))
      checkOption(
        !native || value === undefined,
        wrongOption(name, 'sse', value, 'EventSource sends a GET and reads every event: leave out `native`.'),
      )
  }
  const connect = native
    ? (request: PushRequest) => readEventSource(NAME, events, request)
    : (request: PushRequest) => readByFetch(request, sent)
  return recordOptions(sse, [native, events, ...sent.parts], {
    ...sent.technique,
    name: NAME,
    isSupported: () => typeof (native ? globalThis.EventSource : fetch) === 'function',
    sendsHeaders: !native,
    connect: (request) => withConnectionSlot(request, NAME, connect(request)),
  })
}

const readByFetch = (
  { backend: named, credentials, ...target }: PushRequest,
  sent: StreamRequest,
): Observable<SourceEvent> =>
  defer(() => {
    const backend = selectPart(named, 'eventStream', standardEventStream)
    return fetchText({
      technique: NAME,
      address: backend.buildRequest(target, true),
      sent: backend.endsByEvent ? { ...sent, endsWithResponse: false } : sent,
      accept: EVENT_STREAM,
      credentials,
      scheduler: target.scheduler,
      verdict: (head) => backend.verdict(head, target),
      fits: (type) => type === EVENT_STREAM,
      backend: named,
      read: (head, emit) => readEventStream(named, head, emit, target),
    })
  })

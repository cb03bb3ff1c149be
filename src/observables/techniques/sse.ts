import { Observable, defer } from 'rxjs'
import { END, type Emit, type ServerSentEvent } from '../backends/backend.ts'
import { TELLING_EVENTS, otherServerByEvent } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardEventStream } from '../backends/standard.ts'
import { PushError } from '../errors.ts'
import { checkOption, isNames, wrongOption } from '../internal/check-options.ts'
import type { SourceEvent } from '../events.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'
import { fetchText } from './fetch-text.ts'
import { withConnectionSlot } from '../http/connection-limit.ts'
import type { PushRequest, Technique } from './technique.ts'
import { EVENT_STREAM, readEventStream, readEvents } from './text-stream-reader.ts'
import { recordOptions } from '../internal/equal-options.ts'

const NAME = 'sse'

export interface SseOptions {
  /**
   * Read by the host's own EventSource instead of by fetch. It sees no status, no comment and no `Retry-After`, sends
   * no header, and hides named events that `events` does not list.
   * @default false
   */
  native?: boolean
  /** Names of the events to see when `native`; by fetch every event is seen. @default [] */
  events?: readonly string[]
}

/**
 * Server-Sent Events: one answer that does not end, an event at a time.
 *
 * Price: a connection for each channel, and HTTP/1.1 allows six a host. A proxy that buffers delays it.
 *
 * @throws PushError `invalid-option` where `events` is not a list of names.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @example createPushClient({ technique: sse(), backend: standard({ heartbeat: 30_000 }) })
 */
export function sse({ native = false, events = [] }: SseOptions = {}): Technique {
  if (process.env.NODE_ENV !== 'production')
    checkOption(isNames(events), wrongOption('events', 'sse', events, 'Give a list of names.'))
  const connect = native ? viaEventSource(events) : viaFetch
  return recordOptions(sse, [native, events], {
    name: NAME,
    isSupported: () => typeof (native ? globalThis.EventSource : fetch) === 'function',
    connect: (request) => withConnectionSlot(request, NAME, connect(request)),
  })
}

const viaFetch = ({ backend: named, credentials, ...target }: PushRequest): Observable<SourceEvent> =>
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

const viaEventSource =
  (names: readonly string[]) =>
  ({ backend: named, credentials, ...target }: PushRequest): Observable<SourceEvent> =>
    new Observable((subscriber) => {
      const [header] = Object.keys(target.headers)
      if (header !== undefined) {
        const message = `EventSource cannot send the header ${header}: put the value into the query, or read by sse()`
        return subscriber.error(new PushError('headers-unsupported', message))
      }
      const backend = selectPart(named, 'eventStream', standardEventStream)
      const { url, namespace, resume, ownCursors, assumed } = backend.buildRequest(target, false)
      let source: EventSource
      try {
        source = new EventSource(url, { withCredentials: credentials === 'include' })
      } catch (cause) {
        const said = `${redactUrl(url)} cannot be an EventSource's: ${errorMessage(cause)}`
        return subscriber.error(new PushError('invalid-url', said, { technique: NAME, cause }))
      }
      const emit: Emit = (event) => (event === END ? subscriber.complete() : subscriber.next(event))
      let read: ((event: ServerSentEvent) => void) | undefined
      let sticky = ''
      let opened = false

      // A server may name its events `open` and `error` too: those are messages, and the browser's own have no data.
      const own = (react: () => void) => (event: Event) => {
        if (!(event instanceof MessageEvent)) react()
      }
      source.onopen = own(() => {
        opened = true
        emit({ type: 'open', technique: NAME, namespace, resumed: resume === 'yes', ownCursors, assumed })
        read = readEvents(named, undefined, emit, target)
      })
      const seen = new Set(['message', ...backend.eventNames, ...names])
      for (const name of new Set([...seen, ...TELLING_EVENTS])) {
        source.addEventListener(name, (event: Event) => {
          if (!(event instanceof MessageEvent)) return
          const { data, lastEventId } = event as MessageEvent<string>
          const other = seen.has(name) ? undefined : otherServerByEvent(named, { event: name, data })
          if (other) return subscriber.error(other)
          if (!seen.has(name)) return
          // EventSource repeats the last id on events that carry none: only a change is this event's own.
          const id = lastEventId === sticky ? undefined : lastEventId
          sticky = lastEventId
          try {
            read?.({ id, event: name, data })
          } catch (cause) {
            subscriber.error(cause)
          }
        })
      }
      // Native reconnection is hidden from the supervisor, so it is never let begin.
      source.onerror = own(() => {
        const said = `${redactUrl(url)}: EventSource failed and hides why`
        subscriber.error(new PushError(opened ? 'connection-lost' : 'network-error', said, { technique: NAME }))
      })
      return () => source.close()
    })

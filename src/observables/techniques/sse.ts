import { Observable, defer } from 'rxjs'
import { END, type Emit, type ServerSentEvent } from '../dialects/dialect.ts'
import { part } from '../dialects/part.ts'
import { plainEventStream } from '../dialects/plain.ts'
import { PushError, type PushErrorCode } from '../errors.ts'
import type { SourceEvent } from '../event.ts'
import { reason, shown } from '../in-words.ts'
import { fetchText } from '../fetch-text.ts'
import { holding } from '../held-connections.ts'
import type { PushRequest, Technique } from '../technique.ts'
import { readEventStream } from '../text-stream.ts'

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
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @example createPushClient({ via: sse(), dialect: plain({ heartbeat: 30_000 }) })
 */
export function sse({ native = false, events = [] }: SseOptions = {}): Technique {
  const connect = native ? viaEventSource(events) : viaFetch
  return {
    name: NAME,
    isSupported: () => typeof (native ? globalThis.EventSource : fetch) === 'function',
    connect: (request) => holding(request, NAME, connect(request)),
  }
}

const viaFetch = ({ dialect: named, credentials, ...target }: PushRequest): Observable<SourceEvent> =>
  defer(() => {
    const dialect = part(named, 'eventStream', plainEventStream)
    return fetchText({
      technique: NAME,
      address: dialect.address(target, true),
      accept: 'text/event-stream',
      credentials,
      verdict: (head) => dialect.verdict(head, target),
      fits: (type) => type.startsWith('text/event-stream'),
      greets: dialect.greets,
      read: (head, emit) => readEventStream(dialect, head, emit, target),
    })
  })

const viaEventSource =
  (names: readonly string[]) =>
  ({ dialect: named, credentials, ...target }: PushRequest): Observable<SourceEvent> =>
    new Observable((subscriber) => {
      const [header] = Object.keys(target.headers)
      if (header !== undefined) {
        const message = `EventSource cannot send the header ${header}: put the value into the query, or read by sse()`
        return subscriber.error(new PushError('headers-unsupported', message))
      }
      const dialect = part(named, 'eventStream', plainEventStream)
      const { url, space, continuity, ownCursors } = dialect.address(target, false)
      const source = new EventSource(url, { withCredentials: credentials === 'include' })
      const emit: Emit = (event) => (event === END ? subscriber.complete() : subscriber.next(event))
      let read: ((event: ServerSentEvent) => void) | undefined
      let sticky = ''
      let opened = false

      source.onopen = () => {
        opened = true
        emit({ type: 'open', technique: NAME, space, resumed: continuity === 'resumed', ownCursors })
        read = dialect.read(undefined, emit, target)
      }
      for (const name of new Set(['message', ...dialect.eventNames, ...names])) {
        source.addEventListener(name, ({ data, lastEventId }: MessageEvent<string>) => {
          // EventSource repeats the last id on events that carry none: only a change is this event's own.
          const id = lastEventId === sticky ? undefined : lastEventId
          sticky = lastEventId
          try {
            read?.({ id, event: name, data })
          } catch (cause) {
            subscriber.error(lost(url, `an event cannot be read: ${reason(cause)}`, 'unexpected-answer'))
          }
        })
      }
      // Native reconnection is hidden from the supervisor, so it is never let begin.
      source.onerror = () =>
        subscriber.error(lost(url, 'EventSource failed and hides why', opened ? 'lost' : 'unreachable'))
      return () => source.close()
    })

const lost = (url: string, said: string, code: PushErrorCode = 'lost') =>
  new PushError(code, `${shown(url)}: ${said}`, { technique: NAME })

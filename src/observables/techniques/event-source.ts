import { Observable } from 'rxjs'
import type { ServerSentEvent } from '../backends/backend.ts'
import { emitTo } from '../backends/emit-to.ts'
import { TELLING_EVENTS, otherServerByEvent } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardEventStream } from '../backends/standard/streams.ts'
import { PushError } from '../errors.ts'
import type { SourceEvent } from '../events.ts'
import { checkNoHeaders } from '../http/check-request.ts'
import { DEV } from '../internal/dev.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'
import type { PushRequest } from './technique.ts'
import { readEvents } from './text-stream-reader.ts'

/**
 * Reads Server-Sent Events by the host's EventSource, which is closed at its first failure: its own reconnection is
 * hidden from the supervisor.
 *
 * @param names Names of the events to read, in addition to `message` and the backend's own.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface
 */
export const readEventSource = (
  technique: string,
  names: readonly string[],
  { backend: named, credentials, ...target }: PushRequest,
): Observable<SourceEvent> =>
  new Observable((subscriber) => {
    checkNoHeaders(target.headers, DEV && 'EventSource')
    const backend = selectPart(named, 'eventStream', standardEventStream)
    const { url, namespace, resume, ownCursors, assumed } = backend.buildRequest(target, false)
    const source = openEventSource(technique, url, credentials === 'include')
    const emit = emitTo(subscriber)
    let read: ((event: ServerSentEvent) => void) | undefined
    let lastId = ''

    // A server may name its events `open` and `error` too. Those have data; the browser's own events have none.
    source.onopen = (event: Event) => {
      if (event instanceof MessageEvent) return
      emit({ type: 'open', technique, namespace, resumed: resume === 'yes', ownCursors, assumed })
      read = readEvents(named, undefined, emit, target)
    }
    source.onerror = (event: Event) => {
      if (event instanceof MessageEvent) return
      const message =
        DEV &&
        `Request to "${redactUrl(url)}" failed: EventSource hides the cause. Check the server and CORS, or read by fetch.`
      subscriber.error(new PushError(read ? 'connection-lost' : 'network-error', message, { technique }))
    }
    const listen = (name: string, receive: (event: MessageEvent<string>) => void) =>
      source.addEventListener(name, (event: Event) => {
        if (!(event instanceof MessageEvent)) return
        try {
          receive(event)
        } catch (cause) {
          subscriber.error(cause)
        }
      })
    const messageNames = new Set(['message', ...backend.eventNames, ...names])
    for (const name of messageNames)
      listen(name, ({ data, lastEventId }) => {
        // EventSource repeats the last id on events without one, so only a change is this event's own id.
        const id = lastEventId === lastId ? undefined : lastEventId
        lastId = lastEventId
        read?.({ id, event: name, data })
      })
    for (const name of TELLING_EVENTS)
      if (!messageNames.has(name))
        listen(name, ({ data }) => {
          const other = otherServerByEvent(named, { event: name, data })
          if (other) throw other
        })
    return () => source.close()
  })

function openEventSource(technique: string, url: string, withCredentials: boolean): EventSource {
  try {
    return new EventSource(url, { withCredentials })
  } catch (cause) {
    const message = DEV && `EventSource of "${redactUrl(url)}" not opened: ${errorMessage(cause)}.`
    throw new PushError('invalid-url', message, { technique, cause })
  }
}

import { mediaType } from '../../wire/media-type.ts'
import type { ResponseHead, Backend, Emit, ServerSentEvent, Target } from '../backends/backend.ts'
import { TELLING_EVENTS, otherServerByEvent } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardEventStream, standardStream } from '../backends/standard/streams.ts'
import { unreadable } from '../backends/unreadable-message.ts'
import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'
import { eventStream } from '../parsers/event-stream.ts'

/** The media type of an event stream. */
export const EVENT_STREAM = 'text/event-stream'

/** Reads events. An event that cannot be read is emitted with its error; only a `PushError` ends the connection. */
export function readEvents(
  backend: Backend | undefined,
  head: ResponseHead | undefined,
  emit: Emit,
  target: Target,
): (event: ServerSentEvent) => void {
  const read = selectPart(backend, 'eventStream', standardEventStream).read(head, emit, target)
  return (event) => {
    if (event.event !== undefined && TELLING_EVENTS.includes(event.event)) {
      const other = otherServerByEvent(backend, event)
      if (other) throw other
    }
    if (event.error) return emit(unreadable(event.data, event.id, event.error))
    try {
      read(event)
    } catch (cause) {
      if (cause instanceof PushError) throw cause
      emit(unreadable(event.data, event.id, cause))
    }
  }
}

/** Reads the text of an event stream. Throws `connection-lost` if a comment announces the end of the stream. */
export function readEventStream(
  backend: Backend | undefined,
  head: ResponseHead,
  emit: Emit,
  target: Target,
): (text: string) => void {
  const { ids, comment: verdict, heartbeat } = selectPart(backend, 'eventStream', standardEventStream)
  return eventStream(
    {
      event: readEvents(backend, head, emit, target),
      id(id) {
        if (ids) emit({ type: 'alive', cursor: id })
      },
      comment(text) {
        if (verdict(text) !== 'again')
          throw new PushError('connection-lost', DEV && `The server ended the stream: "${text}".`)
        emit({ type: 'alive', heartbeat })
      },
      retry: (delay) => emit({ type: 'retry', delay }),
    },
    target.maxMessageBytes,
  )
}

/** Reads the text of a stream by its content type: events, or the format of the backend's own streams. */
export function readTextStream(
  backend: Backend | undefined,
  head: ResponseHead,
  emit: Emit,
  target: Target,
): (text: string) => void {
  return isEventStream(head)
    ? readEventStream(backend, head, emit, target)
    : selectPart(backend, 'stream', standardStream).read(head, emit, target)
}

/** Whether the server sends something as soon as such a stream is open. */
export function expectsGreeting(backend: Backend | undefined, head: ResponseHead): boolean {
  const part = isEventStream(head)
    ? selectPart(backend, 'eventStream', standardEventStream)
    : selectPart(backend, 'stream', standardStream)
  return part.expectsGreeting?.(head) ?? false
}

/** Whether a response is an event stream. */
export const isEventStream = ({ headers }: ResponseHead) => mediaType(headers.get('content-type')) === EVENT_STREAM

import { mediaType } from '../../wire/media-type.ts'
import type { ResponseHead, Backend, Emit, ServerSentEvent, Target } from '../backends/backend.ts'
import { otherServerByEvent } from '../backends/recognize-server.ts'
import { selectPart } from '../backends/select-part.ts'
import { standardEventStream, standardStream } from '../backends/standard.ts'
import { PushError } from '../errors.ts'
import { eventStream } from '../parsers/event-stream.ts'
import { unreadable } from '../backends/unreadable-message.ts'

/** The media type of an event stream. */
export const EVENT_STREAM = 'text/event-stream'

/** Reads events. One that cannot be read is told, and the stream goes on; a `PushError` ends it. */
export function readEvents(
  backend: Backend | undefined,
  head: ResponseHead | undefined,
  emit: Emit,
  asked: Target,
): (event: ServerSentEvent) => void {
  const read = selectPart(backend, 'eventStream', standardEventStream).read(head, emit, asked)
  return (event) => {
    const other = otherServerByEvent(backend, event)
    if (other) throw other
    if (event.error) return emit(unreadable(event.data, event.id, event.error))
    try {
      read(event)
    } catch (cause) {
      if (cause instanceof PushError) throw cause
      emit(unreadable(event.data, event.id, cause))
    }
  }
}

/** Reads the text of an event stream. Throws `connection-lost` where a comment says that the stream is over. */
export function readEventStream(
  backend: Backend | undefined,
  head: ResponseHead,
  emit: Emit,
  asked: Target,
): (text: string) => void {
  const { ids, comment: verdict, heartbeat } = selectPart(backend, 'eventStream', standardEventStream)
  return eventStream(
    {
      event: readEvents(backend, head, emit, asked),
      position(id) {
        if (ids) emit({ type: 'alive', cursor: id })
      },
      comment(text) {
        if (verdict(text) !== 'again') throw new PushError('connection-lost', `the server ended the stream: ${text}`)
        emit({ type: 'alive', heartbeat })
      },
      retry: (delay) => emit({ type: 'retry', delay }),
    },
    asked.maxMessageBytes,
  )
}

/** Reads the text of a stream as its head says: events, or whatever else the backend streams. */
export function readTextStream(
  backend: Backend | undefined,
  head: ResponseHead,
  emit: Emit,
  asked: Target,
): (text: string) => void {
  return isEventStream(head)
    ? readEventStream(backend, head, emit, asked)
    : selectPart(backend, 'stream', standardStream).read(head, emit, asked)
}

/** Whether the server of such a stream says something at once. */
export function greets(backend: Backend | undefined, head: ResponseHead): boolean {
  const own = isEventStream(head)
    ? selectPart(backend, 'eventStream', standardEventStream)
    : selectPart(backend, 'stream', standardStream)
  return own.expectsGreeting?.(head) ?? false
}

const isEventStream = ({ headers }: ResponseHead) => mediaType(headers.get('content-type')) === EVENT_STREAM

import { mediaType } from '../../wire/media-type.ts'
import type { AnswerHead, Dialect, Emit, ServerSentEvent, Target } from '../backends/backend.ts'
import { otherServerByEvent } from '../backends/recognize-server.ts'
import { part } from '../backends/select-part.ts'
import { plainEventStream, plainStream } from '../backends/standard.ts'
import { PushError } from '../errors.ts'
import { eventStream } from '../parsers/event-stream.ts'
import { unreadable } from '../backends/unreadable-message.ts'

/** The media type of an event stream. */
export const EVENT_STREAM = 'text/event-stream'

/** Reads events. One that cannot be read is told, and the stream goes on; a `PushError` ends it. */
export function readEvents(
  dialect: Dialect | undefined,
  head: AnswerHead | undefined,
  emit: Emit,
  asked: Target,
): (event: ServerSentEvent) => void {
  const read = part(dialect, 'eventStream', plainEventStream).read(head, emit, asked)
  return (event) => {
    const other = otherServerByEvent(dialect, event)
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

/** Reads the text of an event stream. Throws `lost` where a comment says that the stream is over. */
export function readEventStream(
  dialect: Dialect | undefined,
  head: AnswerHead,
  emit: Emit,
  asked: Target,
): (text: string) => void {
  const { ids, comment: verdict, heartbeat } = part(dialect, 'eventStream', plainEventStream)
  return eventStream(
    {
      event: readEvents(dialect, head, emit, asked),
      position(id) {
        if (ids) emit({ type: 'alive', cursor: id })
      },
      comment(text) {
        if (verdict(text) !== 'again') throw new PushError('lost', `the server ended the stream: ${text}`)
        emit({ type: 'alive', heartbeat })
      },
      retry: (delay) => emit({ type: 'retry', delay }),
    },
    asked.maxMessageBytes,
  )
}

/** Reads the text of a stream as its head says: events, or whatever else the dialect streams. */
export function readTextStream(
  dialect: Dialect | undefined,
  head: AnswerHead,
  emit: Emit,
  asked: Target,
): (text: string) => void {
  return isEventStream(head)
    ? readEventStream(dialect, head, emit, asked)
    : part(dialect, 'stream', plainStream).read(head, emit, asked)
}

/** Whether the server of such a stream says something at once. */
export function greets(dialect: Dialect | undefined, head: AnswerHead): boolean {
  const own = isEventStream(head)
    ? part(dialect, 'eventStream', plainEventStream)
    : part(dialect, 'stream', plainStream)
  return own.greets?.(head) ?? false
}

const isEventStream = ({ headers }: AnswerHead) => mediaType(headers.get('content-type')) === EVENT_STREAM

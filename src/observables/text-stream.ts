import type { AnswerHead, Dialect, Emit, EventStreamDialect, Target } from './dialects/dialect.ts'
import { part } from './dialects/part.ts'
import { plainEventStream, plainStream } from './dialects/plain.ts'
import { PushError } from './errors.ts'
import { eventStream } from './framing/event-stream.ts'

/** Reads the text of an event stream. Throws `lost` where a comment says that the stream is over. */
export function readEventStream(
  dialect: EventStreamDialect,
  head: AnswerHead,
  emit: Emit,
  asked: Target,
): (text: string) => void {
  return eventStream({
    event: dialect.read(head, emit, asked),
    comment(text) {
      if (dialect.comment(text) !== 'again') throw new PushError('lost', `the server ended the stream: ${text}`)
      emit({ type: 'alive', heartbeat: dialect.heartbeat })
    },
    retry: (delay) => emit({ type: 'retry', delay }),
  })
}

/** Reads the text of a stream as what its head says that it is: events, or what the dialect streams otherwise. */
export function readTextStream(
  dialect: Dialect | undefined,
  head: AnswerHead,
  emit: Emit,
  asked: Target,
): (text: string) => void {
  return head.headers.get('content-type')?.startsWith('text/event-stream')
    ? readEventStream(part(dialect, 'eventStream', plainEventStream), head, emit, asked)
    : part(dialect, 'stream', plainStream).read(head, emit)
}

import type { Cursor } from '../../connection/cursor.ts'
import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { jsonArray } from '../../parsers/json-array.ts'
import { invalid, unreadable } from '../unreadable-message.ts'
import { END, type Emit } from '../backend.ts'

export const NAMESPACE = 'durable-streams'

export const BEGINNING = '-1'

/** A position in a log: an offset, and how many messages after it were already read. */
export interface LogPosition {
  readonly offset: string
  readonly read: number
}

// Offsets have no comma (section 8).
export const parsePosition = (cursor: Cursor | undefined): LogPosition | undefined => {
  if (cursor?.namespace !== NAMESPACE) return undefined
  const [offset = '', read = '0'] = cursor.value.split(',')
  return { offset, read: Number(read) }
}

const formatPosition = ({ offset, read }: LogPosition): string => (read > 0 ? `${offset},${read}` : offset)

/** Emits the messages of batch after batch with their cursors, and skips those that were already read. */
export function batches({ offset, read }: LogPosition, emit: Emit) {
  let count = 0
  // The cursor of a batch's last message is the offset after it, so each message waits for the next one or the offset.
  let held: { readonly data: Payload; readonly error: PushError | undefined } | undefined
  const emitHeld = (position: LogPosition) => {
    // Before the first offset is known, messages have no cursor.
    const cursor = position.offset === 'now' ? undefined : formatPosition(position)
    if (held) emit({ type: 'message', ...held, event: 'message', cursor })
    held = undefined
  }
  const message = (data: Payload, error?: PushError) => {
    emitHeld({ offset, read: count })
    count += 1
    if (count > read) held = { data, error }
  }
  return {
    message,
    /** Adds a piece of a stream of bytes. An empty piece is not a message. */
    piece(data: Payload, error: PushError | undefined) {
      if (data.length > 0) message(data, error)
    },
    /** Emits text that cannot be read and is not a message. The position does not change. */
    wrong(raw: string, cause: string | false) {
      const emitted = held ? count - 1 : count
      emit(
        unreadable(
          raw,
          offset === 'now' ? undefined : formatPosition({ offset, read: Math.max(read, emitted) }),
          cause,
        ),
      )
    },
    end(next: string, closed: boolean) {
      // Offsets are ordered like strings (section 8), and a stream never shrinks.
      if (isOffset(offset) && next < offset)
        throw new PushError(
          'cursor-lost',
          DEV &&
            'Stream not resumed: it ends before the requested offset, so it is another stream. The client begins without a cursor.',
        )
      // The server may cut its batches in other places than before.
      read = Math.max(0, read - count)
      offset = next
      count = 0
      const position = { offset, read }
      emitHeld(position)
      emit({ type: 'alive', cursor: formatPosition(position) })
      if (closed) emit(END)
    },
  }
}

const isOffset = (offset: string) => offset !== BEGINNING && offset !== 'now'

type EmitJson = (json: string, error?: PushError) => void

/**
 * Reads text that is an array of messages. Where it is not an array, the rest of it is one invalid message. An array that
 * is not complete throws `connection-lost`.
 */
function messages(emitJson: EmitJson, limit: number | undefined) {
  const array = jsonArray(emitJson, limit)
  let isInvalid = false
  const read = (text: string, step: () => void) => {
    try {
      if (!isInvalid) step()
    } catch (cause) {
      if (cause instanceof PushError) throw cause
      isInvalid = true
      emitJson(text, invalid(cause))
    }
  }
  return {
    feed: (text: string) => read(text, () => array.feed(text)),
    end: () => read('', array.end),
  }
}

/** Reads a body that is an array of messages. */
export function messagesOf(emitJson: EmitJson, limit: number | undefined) {
  const utf8 = new TextDecoder()
  const { feed, end } = messages(emitJson, limit)
  return { feed: (chunk: Uint8Array) => feed(utf8.decode(chunk, { stream: true })), end }
}

/** Reads an event that is an array of messages. An event is complete, so an array that is not is an invalid message. */
export function readArray(text: string, emitJson: EmitJson, limit: number | undefined): void {
  const { feed, end } = messages(emitJson, limit)
  feed(text)
  try {
    end()
  } catch (cause) {
    const message = DEV && 'Message not read: its JSON array does not end. Correct its publisher.'
    emitJson(text, new PushError('invalid-message', message, { cause }))
  }
}

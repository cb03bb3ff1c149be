import type { Cursor } from '../../connection/cursor.ts'
import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { jsonArray } from '../../parsers/json-array.ts'
import { errorMessage } from '../../internal/redact-url.ts'
import { invalid, unreadable } from '../unreadable-message.ts'
import { END, type Emit } from '../backend.ts'

export const SPACE = 'durable-streams'

export const BEGINNING = '-1'

/** A place: an offset, and how many messages after it were read already. */
export interface Place {
  readonly offset: string
  readonly read: number
}

// No offset has a comma in it (section 8).
export const placeOf = (cursor: Cursor | undefined): Place | undefined => {
  if (cursor?.namespace !== SPACE) return undefined
  const [offset = '', read = '0'] = cursor.value.split(',')
  return { offset, read: Number(read) }
}

const spelled = ({ offset, read }: Place): string => (read > 0 ? `${offset},${read}` : offset)

/** Gives the messages of batch after batch their places, and passes by what was read before. */
export function batches({ offset, read }: Place, emit: Emit) {
  let count = 0
  // The last message of a batch has the offset that comes after it, so each waits for what follows.
  let held: { readonly data: Payload; readonly error: PushError | undefined } | undefined
  const tell = (place: Place) => {
    // What came before the first offset was known has no place.
    const cursor = place.offset === 'now' ? undefined : spelled(place)
    if (held) emit({ type: 'message', ...held, event: 'message', cursor })
    held = undefined
  }
  const message = (data: Payload, error?: PushError) => {
    tell({ offset, read: count })
    count += 1
    if (count > read) held = { data, error }
  }
  return {
    message,
    /** A piece of a stream of bytes; an empty one is none. */
    piece(data: Payload, error: PushError | undefined) {
      if (data.length > 0) message(data, error)
    },
    /** What cannot be read and is no message leaves the place where it is. */
    wrong(raw: string, cause: string) {
      const told = held ? count - 1 : count
      emit(unreadable(raw, offset === 'now' ? undefined : spelled({ offset, read: Math.max(read, told) }), cause))
    },
    end(next: string, closed: boolean) {
      // Offsets sort as texts do (section 8), and a stream never shrinks.
      if (isOffset(offset) && next < offset)
        throw new PushError('cursor-lost', DEV && 'the stream ends before the offset asked for: it is another one')
      // The server may cut its batches otherwise than before.
      read = Math.max(0, read - count)
      offset = next
      count = 0
      const place = { offset, read }
      tell(place)
      emit({ type: 'alive', cursor: spelled(place) })
      if (closed) emit(END)
    },
  }
}

const isOffset = (offset: string) => offset !== BEGINNING && offset !== 'now'

type Tell = (json: string, error?: PushError) => void

/**
 * Text that is an array of messages, each told as soon as it is known not to be the last. Where it is not an array, the
 * rest of it is one message that cannot be read; where it is not whole, it is thrown.
 */
function messages(tell: Tell, limit: number | undefined) {
  const array = jsonArray(tell, limit)
  let wrong = false
  const read = (text: string, step: () => void) => {
    try {
      if (!wrong) step()
    } catch (cause) {
      if (cause instanceof PushError) throw cause
      wrong = true
      tell(text, invalid(cause))
    }
  }
  return {
    feed: (text: string) => read(text, () => array.feed(text)),
    end: () => read('', array.end),
  }
}

/** The same, of a body. */
export function messagesOf(tell: Tell, limit: number | undefined) {
  const utf8 = new TextDecoder()
  const { feed, end } = messages(tell, limit)
  return { feed: (chunk: Uint8Array) => feed(utf8.decode(chunk, { stream: true })), end }
}

/** The same, of an event, which is whole: an array that is not is wrong. */
export function readArray(text: string, tell: Tell, limit: number | undefined): void {
  const { feed, end } = messages(tell, limit)
  feed(text)
  try {
    end()
  } catch (cause) {
    tell(text, new PushError('invalid-message', DEV && errorMessage(cause), { cause }))
  }
}

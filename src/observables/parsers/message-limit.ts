import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'

/** How long one message may be where nothing else is said, in bytes. */
export const MAX_MESSAGE_BYTES = 16_777_216

/** How much is kept of a message that is too long: enough for its head. */
export const BEGINNING = 4_096

export const tooLarge = (limit: number): PushError =>
  new PushError(
    'message-too-large',
    DEV && `The message is longer than ${limit} bytes. Send less at once, or raise \`maxMessageBytes\`.`,
  )

/** Text of one message, piece by piece. */
export interface Pieces {
  /** Adds a piece. Of a message that is too long only the beginning is kept. */
  add(piece: string): void
  /** The text, and begins the next message. */
  take(): string
  /** The message is too long; undefined: it is not. */
  readonly error: PushError | undefined
  /** So much longer than the limit that waiting for its end is not worth it. */
  readonly endless: boolean
}

/** Gathers the text of one message after the other, each up to a limit in characters. */
export function pieces(limit: number): Pieces {
  let kept: string[] = []
  let length = 0
  let error: PushError | undefined
  return {
    add(piece) {
      length += piece.length
      if (error) return
      kept.push(piece)
      if (length <= limit) return
      error = tooLarge(limit)
      kept = [kept.join('').slice(0, BEGINNING)]
    },
    take() {
      const text = kept.length === 1 ? (kept[0] ?? '') : kept.join('')
      kept.length = 0
      length = 0
      error = undefined
      return text
    },
    get error() {
      return error
    },
    get endless() {
      return length > limit * 2
    },
  }
}

import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'

/** The limit of one message where `maxMessageBytes` is not set, in bytes. */
export const MAX_MESSAGE_BYTES = 16_777_216

/** The part of a message above the limit that is kept, in characters or bytes: enough for its head. */
export const KEPT_LENGTH = 4_096

export const tooLarge = (limit: number): PushError =>
  new PushError(
    'message-too-large',
    DEV && `Message not read: it is longer than ${limit} bytes. Send less at once, or raise \`maxMessageBytes\`.`,
  )

/** The text of one message, as its pieces arrive. */
export interface MessageBuffer {
  /** Adds a piece. Only the beginning of a message above the limit is kept. */
  add(piece: string): void
  /** Returns the text, and begins the next message. */
  take(): string
  readonly isEmpty: boolean
  /** `message-too-large` for a message above the limit, otherwise undefined. */
  readonly error: PushError | undefined
  /** Whether the message is longer than twice the limit, so that its end is not waited for. */
  readonly isEndless: boolean
}

/** Collects the text of one message after the other, each up to a limit in characters. */
export function messageBuffer(limit: number): MessageBuffer {
  let kept = ''
  let length = 0
  let error: PushError | undefined
  return {
    add(piece) {
      length += piece.length
      if (error) return
      kept += piece
      if (length <= limit) return
      error = tooLarge(limit)
      kept = kept.slice(0, KEPT_LENGTH)
    },
    take() {
      const text = kept
      kept = ''
      length = 0
      error = undefined
      return text
    },
    get isEmpty() {
      return length === 0
    },
    get error() {
      return error
    },
    get isEndless() {
      return length > limit * 2
    },
  }
}

import type { ControlWord } from '../../wire/constants.ts'
import type { MessageId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'

/** How one kind of stream is written. */
export interface Spelling {
  /** Under which a message's bytes are kept, because all who read this kind are sent the same. */
  readonly carrier: string
  /** Written before everything. */
  readonly preamble?: string
  message(message: Message): Buffer
  control(word: ControlWord, data: unknown, place?: MessageId): string
}

/** How one kind of endless answer is written. */
export interface AnswerSpelling extends Spelling {
  readonly contentType: string
  /** Written after each message and word: what is this answer's alone. */
  readonly delimiter?: string
}

import type { ControlWord } from '../../wire/constants.ts'
import type { MessageId } from '../channels/message-id.ts'
import type { MessageContent } from '../channels/message.ts'

/** Encodes the messages and the control messages of a stream. */
export interface Encoder {
  /** The name under which encoded messages are cached, because all subscribers with this encoding receive the same. */
  readonly encoding: string
  /** Written before everything else. */
  readonly preamble?: string
  message(message: MessageContent): Buffer
  control(word: ControlWord, data: unknown, id?: MessageId): string
}

/** Encodes a response that does not end. */
export interface ResponseEncoder extends Encoder {
  readonly contentType: string
  /** Written after each message and control message. It may differ between responses, so it is not cached. */
  readonly delimiter?: string
}

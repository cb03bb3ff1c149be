import type { ControlWord } from '../../wire/constants.ts'
import { formatId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Spelling } from './encoder.ts'
import { oneLine } from '../text.ts'

/** A JSON object a line (PROTOCOL.md section 10): JSON has a word for every character that ends a line. */
export const JSON_LINES: Spelling = {
  carrier: 'json-lines',
  message: writeMessage,
  control: (word, data, place) => control(word, place && formatId(place), data),
}

/** Says no, as the last line. */
export const refusalLine = ({ status, line, headers = {} }: Refusal): string =>
  `${JSON.stringify({ status, headers, body: oneLine(line) })}\n`

const control = (word: ControlWord, id?: string, data?: unknown): string =>
  `${JSON.stringify({ push: word, id, ...Object(data) })}\n`

/** To a client of a channel that has ended: the end, and before it that messages are missing. */
export const END_LINE = control('end')
export const GAP_LINE = control('gap', undefined, { reason: 'history-expired' })

function writeMessage({ cursor: id, event, isText, body }: Message): Buffer {
  const data = isText ? { text: body.toString() } : { base64: body.toString('base64') }
  return Buffer.from(`${JSON.stringify({ id, event, ...data })}\n`)
}

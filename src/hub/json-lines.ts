import type { ControlWord } from '../protocol.ts'
import { formatId } from './message-id.ts'
import type { Message } from './message.ts'
import type { Refusal } from './refusal.ts'
import type { Spelling } from './stream-answer.ts'

/** A JSON object a line (PROTOCOL.md section 10): JSON has a word for every character that ends a line. */
export const JSON_LINES: Omit<Spelling, 'contentType'> = {
  carrier: 'json-lines',
  message: writeMessage,
  control: (word, data, place) => control(word, place && formatId(place), data),
}

/** Says no, as the last line. */
export const refusalLine = ({ status, line, headers = {} }: Refusal): string =>
  `${JSON.stringify({ status, headers, body: line })}\n`

export const endLine = (): string => control('end')

const control = (word: ControlWord, id?: string, data?: unknown): string =>
  `${JSON.stringify({ push: word, id, ...Object(data) })}\n`

function writeMessage({ cursor: id, event, isText, body }: Message): Buffer {
  const data = isText ? { text: body.toString() } : { base64: body.toString('base64') }
  return Buffer.from(`${JSON.stringify({ id, event, ...data })}\n`)
}

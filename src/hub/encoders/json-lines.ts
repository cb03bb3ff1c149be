import type { ControlWord } from '../../wire/constants.ts'
import { formatId } from '../channels/message-id.ts'
import type { MessageContent } from '../channels/message.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Encoder } from './encoder.ts'
import { oneLine } from '../sanitize.ts'

/** One JSON object per line (PROTOCOL.md section 10). JSON escapes every character that ends a line. */
export const JSON_LINES: Encoder = {
  encoding: 'json-lines',
  message: encodeMessage,
  control: (word, data, id) => control(word, id && formatId(id), data),
}

/** Encodes a refusal as the last line. */
export const refusalLine = ({ status, message, headers = {} }: Refusal): string =>
  `${JSON.stringify({ status, headers, body: oneLine(message) })}\n`

const control = (word: ControlWord, id?: string, data?: unknown): string =>
  `${JSON.stringify({ push: word, id, ...Object(data) })}\n`

/** The end of a channel, and the gap before it for a client that did not receive every message. */
export const END_LINE = control('end')
export const GAP_LINE = control('gap', undefined, { reason: 'history-expired' })

function encodeMessage({ cursor: id, event, isText, body }: MessageContent): Buffer {
  const data = isText ? { text: body.toString() } : { base64: body.toString('base64') }
  return Buffer.from(`${JSON.stringify({ id, event, ...data })}\n`)
}

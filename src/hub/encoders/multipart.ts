import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import { CONTROL_PART_HEADER, EVENT_HEADER } from '../../wire/constants.ts'
import { cursorHead } from '../http/responses.ts'
import type { Message } from '../channels/message.ts'
import type { AnswerSpelling } from './encoder.ts'

/** Under which the part of a message is kept. */
export const PART = 'part'

/** A boundary that no publisher can know: 128 random bits, drawn for one answer. */
export const drawBoundary = (): string => randomBytes(16).toString('hex')

/** A message as a part: header fields, an empty line, the body. */
export function writePart(message: Message): Buffer {
  const { isText, body } = message
  const coding = isText ? {} : { 'Content-Transfer-Encoding': 'base64' }
  const head = fields({ ...messageHead(message), ...eventHead(message), ...coding })
  return Buffer.concat([Buffer.from(head), isText ? body : Buffer.from(body.toString('base64'))])
}

/** A multipart answer that does not end (PROTOCOL.md section 4). */
export function multipartStream(): AnswerSpelling {
  const boundary = drawBoundary()
  return {
    carrier: PART,
    contentType: `multipart/mixed; boundary=${boundary}`,
    preamble: `--${boundary}\r\n`,
    // With its line end, so that a reader knows at once that the part is whole.
    delimiter: `\r\n--${boundary}\r\n`,
    message: writePart,
    control: (word, data, place) =>
      fields({ [CONTROL_PART_HEADER]: word, ...(place && cursorHead(place)) }) + JSON.stringify(data),
  }
}

const fields = (headers: OutgoingHttpHeaders): string =>
  `${Object.entries(headers)
    .map(([name, value]) => `${name}: ${String(value)}\r\n`)
    .join('')}\r\n`

export const messageHead = ({ id, contentType }: Message): OutgoingHttpHeaders => ({
  ...cursorHead(id),
  'Content-Type': contentType,
})

export const eventHead = ({ event }: Message): OutgoingHttpHeaders =>
  event === undefined ? {} : { [EVENT_HEADER]: event }

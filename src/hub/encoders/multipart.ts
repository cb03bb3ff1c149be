import { randomBytes } from 'node:crypto'
import type { OutgoingHttpHeaders } from 'node:http'
import { CONTROL_PART_HEADER, EVENT_HEADER } from '../../wire/constants.ts'
import { cursorHead } from '../http/responses.ts'
import type { MessageContent } from '../channels/message.ts'
import type { ResponseEncoder } from './encoder.ts'

/** The name under which encoded parts are cached. */
export const PART = 'part'

/** Draws the boundary of one response: 128 random bits, which no publisher can know. */
export const drawBoundary = (): string => randomBytes(16).toString('hex')

/** Encodes a message as a part: header fields, an empty line, the body. */
export function encodePart(message: MessageContent): Buffer {
  const { isText, body } = message
  const coding = isText ? {} : { 'Content-Transfer-Encoding': 'base64' }
  const head = fields({ ...messageHead(message), ...eventHead(message), ...coding })
  return Buffer.concat([Buffer.from(head), isText ? body : Buffer.from(body.toString('base64'))])
}

/** Creates the encoder of a multipart response that does not end (PROTOCOL.md section 4). */
export function multipartStream(): ResponseEncoder {
  const boundary = drawBoundary()
  return {
    encoding: PART,
    contentType: `multipart/mixed; boundary=${boundary}`,
    preamble: `--${boundary}\r\n`,
    // With its line end, so that a client knows at once that the part is complete.
    delimiter: `\r\n--${boundary}\r\n`,
    message: encodePart,
    control: (word, data, id) =>
      fields({ [CONTROL_PART_HEADER]: word, ...(id && cursorHead(id)) }) + JSON.stringify(data),
  }
}

const fields = (headers: OutgoingHttpHeaders): string =>
  `${Object.entries(headers)
    .map(([name, value]) => `${name}: ${String(value)}\r\n`)
    .join('')}\r\n`

export const messageHead = ({ id, contentType }: MessageContent): OutgoingHttpHeaders => ({
  ...cursorHead(id),
  'Content-Type': contentType,
})

export const eventHead = ({ event }: MessageContent): OutgoingHttpHeaders =>
  event === undefined ? {} : { [EVENT_HEADER]: event }

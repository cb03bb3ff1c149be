import { isAscii } from 'node:buffer'
import type { Message } from '../channels/message.ts'
import type { Published, Refusal } from '../http/http-errors.ts'

/** Encodes a head without a body as a frame. */
export const headFrame = (head: object): Buffer => Buffer.from(JSON.stringify([head]))

/** Returns the fields of a head that say why something is refused. `retryAfter` is in seconds. */
export function refusalFields({ status, message, headers }: Refusal): object {
  const retryAfter = headers?.['Retry-After']
  return { status, reason: message, ...(retryAfter !== undefined && { retryAfter }) }
}

/** Returns a message as a frame, which the sessions share. */
export function sharedFrame(channel: string, message: Message, asBytes: boolean): Buffer {
  const encode = () => messageFrame(channel, message, asBytes)
  return message.encodings.get(message, asBytes ? 'session-bytes' : 'session', encode)
}

/** Returns the head that acknowledges a message. */
export const publishedHead = (id: number, { reply }: Published): object => ({
  ok: id,
  ...(reply !== undefined && { reply: JSON.parse(reply) as unknown }),
})

/**
 * Encodes a message as a frame. Bytes become Base64, unless the frame is one of bytes.
 *
 * @param asBytes Whether the frame is one of bytes, so that its length is one in bytes.
 */
function messageFrame(channel: string, message: Message, asBytes: boolean): Buffer {
  const { cursor, event, isText, body } = message
  const coded = isText || asBytes ? body : Buffer.from(body.toString('base64'))
  const head = {
    message: channel,
    cursor,
    length: asBytes || isAscii(coded) ? coded.length : coded.toString().length,
    ...(event !== undefined && { event }),
    ...(coded !== body && { base64: true }),
  }
  return Buffer.concat([Buffer.from(`${JSON.stringify([head])}\n`), coded])
}

const LINE_FEED = 10
const OPENING = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSING = Buffer.from(']')
const CLOSING_LINE = Buffer.from(']\n')

/** Joins frames into one. */
export function joinBuffers(frames: readonly Buffer[]): Buffer {
  const [first] = frames
  if (first && frames.length === 1) return first
  const heads: Buffer[] = [OPENING]
  const bodies: Buffer[] = []
  for (const frame of frames) {
    const end = frame.indexOf(LINE_FEED)
    if (heads.length > 1) heads.push(COMMA)
    heads.push(frame.subarray(1, (end < 0 ? frame.length : end) - 1))
    if (end >= 0) bodies.push(frame.subarray(end + 1))
  }
  return Buffer.concat([...heads, bodies.length > 0 ? CLOSING_LINE : CLOSING, ...bodies])
}

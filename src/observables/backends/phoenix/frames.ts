import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { joinBytes } from '../../parsers/join-bytes.ts'
import { decodeUtf8 } from '../../parsers/utf8.ts'
import { jsonOf } from '../json-frame.ts'

/** One frame of Phoenix channels: `[join_ref, ref, topic, event, payload]`. */
export interface PhoenixFrame {
  readonly join: string | undefined
  readonly ref: string | undefined
  readonly topic: string
  readonly event: string
  /** A value of JSON, or bytes. */
  readonly payload: unknown
}

/** The longest field of a binary frame, in bytes. */
const LONGEST = 255

/** The kinds of binary frames, as their first byte. */
const PUSH = 0
const REPLY = 1
const BROADCAST = 2

/** The fields of the binary frames that the server sends. The length of each is a byte of the head. */
const FIELDS: Readonly<Record<number, readonly (keyof PhoenixFrame | 'status')[]>> = {
  [PUSH]: ['join', 'topic', 'event'],
  [REPLY]: ['join', 'ref', 'topic', 'status'],
  [BROADCAST]: ['topic', 'event'],
}

const encoder = new TextEncoder()

/** Returns a frame of JSON; undefined if the value is none. */
export function frameOf(value: unknown): PhoenixFrame | undefined {
  if (!Array.isArray(value)) return undefined
  const [join, ref, topic, event, payload] = value as unknown[]
  if (typeof topic !== 'string' || typeof event !== 'string') return undefined
  return { join: textOrNone(join), ref: textOrNone(ref), topic, event, payload }
}

const textOrNone = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** Reads a binary frame; undefined if its kind is unknown. Throws if it is cut off. */
export function readBytes(bytes: Uint8Array): PhoenixFrame | undefined {
  const names = FIELDS[bytes[0] ?? -1]
  if (!names) return undefined
  let at = 1 + names.length
  const fields: Record<string, string> = {}
  for (const [index, name] of names.entries()) {
    const end = at + (bytes[index + 1] ?? 0)
    fields[name] = decodeUtf8(bytes.subarray(at, end))
    at = end
  }
  if (at > bytes.length)
    throw new PushError('invalid-message', DEV && 'A binary frame of Phoenix is shorter than its fields.')
  const { join, ref, topic = '', event, status } = fields
  const rest = bytes.subarray(at)
  if (status === undefined) return { join, ref, topic, event: event ?? '', payload: rest }
  return { join, ref, topic, event: 'phx_reply', payload: { status, response: rest } }
}

/** Writes a frame: JSON, or a binary push where the payload is bytes. */
export function writeFrame(join: string | null, ref: string, topic: string, event: string, payload: unknown): Payload {
  if (!(payload instanceof Uint8Array)) return jsonOf([join, ref, topic, event, payload])
  const fields = [join ?? '', ref, topic, event].map((field) => encoder.encode(field))
  if (fields.some(({ length }) => length > LONGEST))
    throw new PushError(
      'invalid-message',
      DEV && `Message not sent: to send bytes, the topic and the event may have ${LONGEST} bytes each.`,
    )
  return joinBytes([Uint8Array.of(PUSH, ...fields.map(({ length }) => length)), ...fields, payload])
}

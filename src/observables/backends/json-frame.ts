import { DEV } from '../internal/dev.ts'
import { PushError, asPushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { decodeUtf8 } from '../parsers/utf8.ts'
import type { SessionPort } from '../session/conversation.ts'
import { invalid } from './unreadable-message.ts'

/** An object of a frame, whose fields may have any type. */
export type Fields = Readonly<Record<string, unknown>>

/** Returns a value as an object; one without fields if it is none. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}

/** Returns a value if it is text. */
export const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

/** Returns the text of a frame. */
export const frameText = (frame: Payload): string => (typeof frame === 'string' ? frame : decodeUtf8(frame))

/** Returns the JSON of a value that a message has; `null` if it has none. */
export const jsonOf = (value: unknown): string => (JSON.stringify(value) as string | undefined) ?? 'null'

/** Returns a value for the message of an error: text, its JSON, or its type if it has no JSON. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return jsonOf(value)
  } catch {
    return typeof value
  }
}

/** Returns a number of the server that is a time; undefined if it is not above zero, or not a number. */
export const timeOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : undefined

/**
 * Returns a position, which the application read from a message, as a cursor.
 *
 * @throws PushError `invalid-message` if it is neither text nor a number.
 */
export function cursorOf(position: string | number | null | undefined): string | undefined {
  if (position === undefined || position === null) return undefined
  if (typeof position === 'string' || Number.isFinite(position)) return String(position)
  throw new PushError(
    'invalid-message',
    DEV && `\`cursor\` returned ${shown(position)}, a ${typeof position}. Return text, a number, or undefined.`,
  )
}

/** Returns the content of a message. If it cannot be encoded, the message is `invalid`, for its topic alone. */
export function contentBy(encode: () => Payload): { data: Payload; error?: PushError } {
  try {
    return { data: encode() }
  } catch (cause) {
    return { data: '', error: invalid(cause) }
  }
}

/**
 * Reads a frame, which may call functions of the application. A frame that cannot be read may be a message of any topic, so
 * each topic gets it as `invalid`.
 */
export function readSafely(frame: Payload, port: Pick<SessionPort, 'unreadable'>, read: () => void): void {
  try {
    read()
  } catch (cause) {
    // A frame that was to be written, and not the one that was read, is at fault.
    if (cause instanceof PushError && cause.code !== 'invalid-message') throw cause
    port.unreadable(
      frame,
      asPushError(
        cause,
        'invalid-message',
        DEV && 'Frame not read. Correct the server, or the options of the backend.',
      ),
    )
  }
}

/** Parses a JSON frame, and reads it safely. */
export const readJson = (frame: Payload, port: Pick<SessionPort, 'unreadable'>, read: (value: unknown) => void): void =>
  readSafely(frame, port, () => read(JSON.parse(frameText(frame))))

/** Returns what a channel encoded as a value of a JSON frame. Throws `invalid-message` for bytes. */
export function jsonValue(data: Payload): unknown {
  if (typeof data !== 'string')
    throw new PushError(
      'invalid-message',
      DEV && 'Message not sent: JSON frames cannot contain bytes. Send data, or text in Base64.',
    )
  try {
    return JSON.parse(data)
  } catch {
    // A channel with an encoder of its own sends text.
    return data
  }
}

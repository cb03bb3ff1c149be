import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
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

/** Parses a JSON frame. One that is not JSON may be a message of any topic, so each topic gets it as `invalid`. */
export function readJson(frame: Payload, port: Pick<SessionPort, 'unreadable'>, read: (value: unknown) => void): void {
  let value: unknown
  try {
    value = JSON.parse(frameText(frame))
  } catch (cause) {
    return port.unreadable(frame, invalid(cause))
  }
  read(value)
}

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

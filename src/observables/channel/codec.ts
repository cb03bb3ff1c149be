import type { StandardSchemaV1 } from '@standard-schema/spec'
import { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { decodeUtf8 } from '../parsers/utf8.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { errorMessage } from '../internal/redact-url.ts'

/** How a channel's payloads become data. */
export interface Decoding {
  schema?: StandardSchemaV1
  decode?: ((raw: string) => unknown) | ((raw: Uint8Array) => unknown)
  binary?: boolean
}

const utf8 = /* @__PURE__ */ new TextEncoder()

const BYTE_ORDER_MARK = 0xfeff

/**
 * JSON, the decoder of a channel that names no other. A byte order mark in front of it is not part of it, as in
 * `fetch().json()`. Throws `invalid-message`.
 */
export function json(raw: Payload): unknown {
  const given = string(raw)
  try {
    return JSON.parse(given.charCodeAt(0) === BYTE_ORDER_MARK ? given.slice(1) : given)
  } catch (cause) {
    throw new PushError(
      'invalid-message',
      DEV &&
        `The message is not JSON: ${errorMessage(cause)}. For messages of text, define the channel with \`decode\`: defineChannel({ url, decode: String }).`,
      { cause },
    )
  }
}

/**
 * The decoder that a definition asks for: a function of the user's own or JSON, then the schema where there is one. It
 * throws what makes one message invalid, or `async-schema`.
 */
export function decoder({ schema, decode, binary = false }: Decoding): (raw: Payload) => unknown {
  const own = decode as ((raw: Payload) => unknown) | undefined
  const read = binary
    ? (raw: Payload) => (own ? own(bytes(raw)) : bytes(raw))
    : own
      ? (raw: Payload) => own(string(raw))
      : json
  const made = schema ? (raw: Payload) => validated(schema, read(raw)) : read
  return made === json ? json : recordOptions(decoder, [schema, decode, binary], made)
}

/** How data becomes a channel's payloads. */
export interface Encoding {
  sendSchema?: StandardSchemaV1 | undefined
  encode?: ((data: never) => unknown) | undefined
}

/**
 * The encoder that a definition asks for: the schema where there is one, then a function of the user's own or JSON.
 * Bytes are sent as bytes: an `ArrayBuffer`, a view of one, or a `Blob`, which has to be read first. What JSON
 * would lose (a Map, a FormData, a stream, a function) is refused. It throws, or
 * rejects with, what makes one message invalid.
 */
export function encoder({ sendSchema, encode }: Encoding = {}): (data: unknown) => Payload | Promise<Payload> {
  const own = encode as ((data: unknown) => unknown) | undefined
  // The same for all who say nothing, so that two definitions can be compared.
  if (!sendSchema && !own) return toPayload
  return recordOptions(encoder, [sendSchema, encode], (data: unknown) => {
    const value = sendSchema ? validated(sendSchema, data) : data
    return own ? toPayload(own(value), true) : toPayload(value)
  })
}

function toPayload(value: unknown, encoded = false): Payload | Promise<Payload> {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  if (value instanceof Blob) return value.arrayBuffer().then((buffer) => new Uint8Array(buffer))
  if (encoded && typeof value === 'string') return value
  // Of undefined, a function or a symbol there is no JSON.
  const text = encoded ? undefined : (JSON.stringify(value, whole) as string | undefined)
  if (text !== undefined) return text
  throw new PushError(
    'invalid-message',
    DEV &&
      `The message cannot be sent: ${encoded ? '`encode` returned' : 'there is no JSON of'} ${typeof value}. ${encoded ? 'Return a string or bytes.' : 'Send data, or bytes.'}`,
  )
}

/** Of a function or a symbol JSON keeps nothing, and of a Map, a FormData or a stream `{}`: refused, wherever it stands. */
function whole(key: string, value: unknown): unknown {
  const isLost =
    typeof value === 'object' && value !== null
      ? ArrayBuffer.isView(value) || isEmptied(value)
      : typeof value === 'function' || typeof value === 'symbol'
  if (!isLost) return value
  const name = Object.prototype.toString.call(value).slice('[object '.length, -1)
  throw new PushError(
    'invalid-message',
    DEV &&
      `The message cannot be sent: JSON does not hold ${key === '' ? 'a value' : `\`${key}\``} of the kind ${name}. Send plain objects, arrays and text, values with \`toJSON\`, or bytes as the whole message; convert others first, as in \`[...map]\` or \`String(searchParams)\`.`,
  )
}

/** Whether JSON makes `{}` of an object that is not plain. */
function isEmptied(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Plain objects may be of another realm.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return (
    !isPlain &&
    !Array.isArray(value) &&
    !BOXED.test(Object.prototype.toString.call(value)) &&
    Object.keys(value).length === 0
  )
}

const BOXED = /(String|Number|Boolean)\]$/

const string = (raw: Payload): string => (typeof raw === 'string' ? raw : decodeUtf8(raw))
const bytes = (raw: Payload): Uint8Array => (typeof raw === 'string' ? utf8.encode(raw) : raw)

function validated(schema: StandardSchemaV1, value: unknown): unknown {
  const result = schema['~standard'].validate(value)
  if ('then' in result) {
    throw new PushError(
      'async-schema',
      DEV && 'a channel keeps order, so its schema must be synchronous: validate asynchronously in onMessage',
    )
  }
  if (!result.issues) return result.value
  const said = result.issues.map(({ message, path }) => (path ? `${path.map(key).join('.')}: ${message}` : message))
  throw new PushError('invalid-message', said.join('; '), { cause: result.issues })
}

const key = (segment: PropertyKey | StandardSchemaV1.PathSegment): string =>
  String(typeof segment === 'object' ? segment.key : segment)

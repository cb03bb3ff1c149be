import type { StandardSchemaV1 } from '@standard-schema/spec'
import { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { decodeUtf8 } from '../parsers/utf8.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { errorMessage } from '../internal/redact-url.ts'

/** The options that decode a channel's payloads. */
export interface Decoding {
  schema?: StandardSchemaV1
  decode?: ((raw: string) => unknown) | ((raw: Uint8Array) => unknown)
  binary?: boolean
}

const utf8 = /* @__PURE__ */ new TextEncoder()

const BYTE_ORDER_MARK = 0xfeff

/**
 * Parses JSON; the default decoder of a channel. It skips a byte order mark, as `fetch().json()` does.
 *
 * @throws PushError `invalid-message`
 */
export function json(raw: Payload): unknown {
  const given = string(raw)
  try {
    return JSON.parse(given.charCodeAt(0) === BYTE_ORDER_MARK ? given.slice(1) : given)
  } catch (cause) {
    throw new PushError(
      'invalid-message',
      DEV &&
        `The message is not JSON: ${errorMessage(cause)}. For text messages, define the channel with \`decode\`: defineChannel({ url, decode: String }).`,
      { cause },
    )
  }
}

/**
 * Returns the decoder of a definition: its own function or JSON, followed by its schema. The decoder throws for an invalid
 * message, and throws `async-schema` for an asynchronous schema.
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

/** The options that encode a channel's payloads. */
export interface Encoding {
  sendSchema?: StandardSchemaV1 | undefined
  encode?: ((data: never) => unknown) | undefined
}

/**
 * Returns the encoder of a definition: its schema, followed by its own function or JSON. An `ArrayBuffer`, a view of one or
 * a `Blob` is sent as bytes. A value that JSON would lose, such as a Map, a FormData, a stream or a function, is invalid.
 * The encoder throws for an invalid message, or rejects.
 */
export function encoder({ sendSchema, encode }: Encoding = {}): (data: unknown) => Payload | Promise<Payload> {
  const own = encode as ((data: unknown) => unknown) | undefined
  // One function for all definitions without options, so that two of them are equal.
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
  // JSON has no form of undefined, a function or a symbol.
  const text = encoded ? undefined : (JSON.stringify(value, rejectLoss) as string | undefined)
  if (text !== undefined) return text
  throw new PushError(
    'invalid-message',
    DEV &&
      `Message not sent: ${encoded ? '`encode` returned' : 'JSON has no form of'} ${typeof value}. ${encoded ? 'Return a string or bytes.' : 'Send data or bytes.'}`,
  )
}

/**
 * Throws for a value that JSON would lose, at any depth. JSON omits a function or a symbol, and writes a Map, a FormData or
 * a stream as `{}`.
 */
function rejectLoss(key: string, value: unknown): unknown {
  const isLost =
    typeof value === 'object' && value !== null
      ? ArrayBuffer.isView(value) || isEmptied(value)
      : typeof value === 'function' || typeof value === 'symbol'
  if (!isLost) return value
  throw new PushError(
    'invalid-message',
    DEV &&
      `Message not sent: JSON would lose ${key === '' ? 'the value' : `\`${key}\``}, which is of the kind ${tagOf(value)}. Convert it first, as in \`[...map]\` or \`String(searchParams)\`. Plain objects, arrays, text and values with \`toJSON\` are sent as JSON, and bytes as the whole message.`,
  )
}

/** Returns whether JSON writes an object that is not plain as `{}`. */
function isEmptied(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  // A plain object may come from another realm.
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return !isPlain && !Array.isArray(value) && !BOXED.test(tagOf(value)) && Object.keys(value).length === 0
}

/** Returns the tag of a value: `Map`, `FormData`. */
const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

const BOXED = /(String|Number|Boolean)$/

const string = (raw: Payload): string => (typeof raw === 'string' ? raw : decodeUtf8(raw))
const bytes = (raw: Payload): Uint8Array => (typeof raw === 'string' ? utf8.encode(raw) : raw)

function validated(schema: StandardSchemaV1, value: unknown): unknown {
  const result = schema['~standard'].validate(value)
  if ('then' in result) {
    throw new PushError(
      'async-schema',
      DEV &&
        'Invalid schema: it is asynchronous, and a channel delivers messages in order. Validate asynchronously in `onMessage`.',
    )
  }
  if (!result.issues) return result.value
  const issues = result.issues
    .map(({ message, path }) => (path ? `${path.map(key).join('.')}: ${message}` : message))
    .join(', ')
  throw new PushError('invalid-message', DEV ? `The message does not match the schema: ${issues}.` : issues, {
    cause: result.issues,
  })
}

const key = (segment: PropertyKey | StandardSchemaV1.PathSegment): string =>
  String(typeof segment === 'object' ? segment.key : segment)

import type { StandardSchemaV1 } from '@standard-schema/spec'
import { PushError } from './errors.ts'
import type { Payload } from './event.ts'
import { text } from './framing/content-type.ts'
import { DEV } from './dev.ts'

/** How a channel's payloads become data. */
export interface Decoding {
  schema?: StandardSchemaV1
  decode?: ((raw: string) => unknown) | ((raw: Uint8Array) => unknown)
  binary?: boolean
}

const utf8 = /* @__PURE__ */ new TextEncoder()

/** JSON, the decoder of a channel that says nothing else. */
export const json = (raw: Payload): unknown => JSON.parse(string(raw))

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
  return schema ? (raw) => validated(schema, read(raw)) : read
}

/** The other way: through the schema of what may be sent, then JSON, or bytes as they are. */
export const encoder =
  (schema: StandardSchemaV1) =>
  (data: unknown): Payload => {
    const value = validated(schema, data)
    return value instanceof Uint8Array ? value : JSON.stringify(value)
  }

const string = (raw: Payload): string => (typeof raw === 'string' ? raw : text(raw))
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

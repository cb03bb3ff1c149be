import type { StandardSchemaV1 } from '@standard-schema/spec'
import { PushError } from './errors.ts'
import type { Payload } from './event.ts'
import { text } from './framing/content-type.ts'
import { reason } from './request.ts'

/** How a channel's payloads become data. */
export interface Decoding {
  schema?: StandardSchemaV1
  decode?: ((raw: string) => unknown) | ((raw: Uint8Array) => unknown)
  binary?: boolean
}

const utf8 = new TextEncoder()

/**
 * The decoder that a channel's definition asks for: JSON, through the schema where there is one, or a function of the
 * user's own. It throws `invalid-message` for what this message is to blame for, and `async-schema`.
 */
export function decoder({ schema, decode, binary = false }: Decoding): (raw: Payload) => unknown {
  const read = (decode ?? (binary ? (raw: Uint8Array) => raw : JSON.parse)) as (raw: Payload) => unknown
  return (raw) => {
    const value = guarded(() => read(binary ? bytes(raw) : string(raw)))
    return schema ? validated(schema, value) : value
  }
}

/** The other way: JSON, through the schema of what may be sent. It throws `invalid-message`. */
export function encoder(schema: StandardSchemaV1): (data: unknown) => Payload {
  return (data) => {
    const value = validated(schema, data)
    return value instanceof Uint8Array ? value : guarded(() => JSON.stringify(value))
  }
}

const string = (raw: Payload): string => (typeof raw === 'string' ? raw : text(raw))
const bytes = (raw: Payload): Uint8Array => (typeof raw === 'string' ? utf8.encode(raw) : raw)

function guarded<T>(step: () => T): T {
  try {
    return step()
  } catch (cause) {
    throw new PushError('invalid-message', reason(cause), { cause })
  }
}

function validated(schema: StandardSchemaV1, value: unknown): unknown {
  const result = guarded(() => schema['~standard'].validate(value))
  if (result instanceof Promise) {
    throw new PushError('async-schema', 'the schema answered with a promise: a channel keeps order, so its schema must be synchronous')
  }
  if (result.issues) {
    const said = result.issues.map(({ message, path }) => (path ? `${path.map(key).join('.')}: ${message}` : message))
    throw new PushError('invalid-message', said.join('; '), { cause: result.issues })
  }
  return result.value
}

const key = (segment: PropertyKey | StandardSchemaV1.PathSegment): string =>
  String(typeof segment === 'object' ? segment.key : segment)

import { DEV } from '../internal/dev.ts'

/** A subprotocol (RFC 6455 section 4.1) is a token of RFC 9110. */
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/

/** Returns why subprotocols cannot be offered, without their values, which may be secret. Undefined: they can. */
export function invalidSubprotocols(names: unknown): string | undefined | false {
  if (names === undefined) return undefined
  if (!Array.isArray(names))
    return DEV && `is a ${typeof names}, and must be a list of names, such as { subprotocols: [token] }`
  const at = names.findIndex((name) => typeof name !== 'string' || !TOKEN.test(name))
  if (at < 0) return undefined
  return (
    DEV &&
    `has a name at index ${at} that no host sends. Use letters, digits and !#$%&'*+-.^_\`|~, for example base64url`
  )
}

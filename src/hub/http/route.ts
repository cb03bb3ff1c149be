import { HubError } from '../errors.ts'
import { checkName } from '../channels/channel-name.ts'

/** The channel and the query of a request target. */
export interface Route {
  /** The name of the channel. */
  readonly name: string
  readonly query: URLSearchParams
}

/** Whether a request target is under `path`. They are compared byte for byte: nothing is decoded or resolved. */
export const isUnder = (target: string, path: string): boolean => target.startsWith(path)

/**
 * Parses a request target under `path`. It rejects a target that two parsers could read in two ways, so that no check
 * before the hub can be bypassed.
 *
 * @throws HubError `invalid-channel`
 */
export function parseTarget(target: string, path: string): Route {
  const cause = ambiguity(target)
  if (cause !== undefined) throw new HubError('invalid-channel', cause)
  const [pathname, query] = split(target)
  const name = decode(pathname.slice(path.length))
  checkName(name)
  return { name, query: new URLSearchParams(query) }
}

/**
 * Returns the query of a request target that is `path` itself, the URL of sessions. Undefined: it is not.
 *
 * @throws HubError `invalid-channel`
 */
export function parseSessionTarget(target: string, path: string): URLSearchParams | undefined {
  const [pathname, query] = split(target)
  if (pathname !== path) return undefined
  const cause = ambiguity(target)
  if (cause !== undefined) throw new HubError('invalid-channel', cause)
  return new URLSearchParams(query)
}

/** Returns why a request target could be read in two ways. Undefined: it has one reading. */
export function ambiguity(target: string): string | undefined {
  if (!/^[!-~]*$/.test(target) || target.includes('#'))
    return `${INVALID} it contains characters that a URL cannot contain. Percent-encode them.`
  const [pathname] = split(target)
  const found = AMBIGUITIES.find(({ pattern }) => pattern.test(pathname))
  if (found) return `${INVALID} its path contains ${found.what}.`
  return /%[\da-f]{2}/i.test(decodeBytes(pathname)) ? `${INVALID} its path is percent-encoded twice.` : undefined
}

/** Returns the query of a request target. */
export const queryOf = (target: string): URLSearchParams => new URLSearchParams(split(target)[1])

const INVALID = 'Invalid request target:'

const AMBIGUITIES = [
  { pattern: /\\|%5c/i, what: 'a backslash' },
  { pattern: /%2f/i, what: 'an encoded slash' },
  { pattern: /(^|\/)(\.|%2e){1,2}(\/|$)/i, what: 'a dot segment' },
  { pattern: /%(?![\da-f]{2})/i, what: 'a % that is not percent-encoding' },
]

function split(target: string): [pathname: string, query: string] {
  const at = target.indexOf('?')
  return at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw new HubError('invalid-channel', `${INVALID} its channel name is not percent-encoded UTF-8.`)
  }
}

const decodeBytes = (pathname: string): string =>
  pathname.replaceAll(/%([\da-f]{2})/gi, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)))

import { HubError } from '../errors.ts'
import { checkName } from '../channels/channel-registry.ts'

/** What a request is about. */
export interface Address {
  /** The channel's name. */
  readonly name: string
  readonly query: URLSearchParams
}

/** Whether a request target lies under `path`, byte for byte: nothing of it is decoded or resolved. */
export const isUnder = (target: string, path: string): boolean => target.startsWith(path)

/**
 * The channel that a request target under `path` names. What two parsers could read in two ways is refused, so that no
 * check in front of the hub is passed by.
 *
 * @throws HubError `invalid-channel`
 */
export function parseTarget(target: string, path: string): Address {
  const ambiguous = ambiguity(target)
  if (ambiguous !== undefined) throw new HubError('invalid-channel', ambiguous)
  const [pathname, query] = split(target)
  const name = decoded(pathname.slice(path.length))
  checkName(name)
  return { name, query: new URLSearchParams(query) }
}

/** Why a request target could be read in two ways, or undefined. */
export function ambiguity(target: string): string | undefined {
  if (!/^[!-~]*$/.test(target) || target.includes('#'))
    return 'the request target holds characters that are not URL characters: percent-encode them'
  const [pathname] = split(target)
  const found = AMBIGUITIES.find(({ pattern }) => pattern.test(pathname))
  if (found) return `the path holds ${found.what}`
  return /%[\da-f]{2}/i.test(decodedBytes(pathname)) ? 'the path is percent-encoded twice' : undefined
}

/** The query of a request target. */
export const queryOf = (target: string): URLSearchParams => new URLSearchParams(split(target)[1])

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

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw new HubError('invalid-channel', 'the channel name is not percent-encoded UTF-8')
  }
}

const decodedBytes = (pathname: string): string =>
  pathname.replaceAll(/%([\da-f]{2})/gi, (_, byte: string) => String.fromCharCode(Number.parseInt(byte, 16)))

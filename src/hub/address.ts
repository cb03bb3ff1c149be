import { HubError } from './hub-error.ts'
import { checkName } from './registry.ts'

/** What a request is about. */
export interface Address {
  /** The channel's name. */
  readonly name: string
  readonly query: URLSearchParams
}

/**
 * The channel that a request target names, or undefined for what is not under `path`.
 *
 * @throws HubError `invalid-channel`
 */
export function addressOf(target: string, path: string): Address | undefined {
  // A target that names a host (`http://...`, `//...`) asks for a proxy, and the hub is none.
  const address = `http://hub${target}`
  if (!target.startsWith('/') || !URL.canParse(address)) return undefined
  const { pathname, searchParams } = new URL(address)
  if (!pathname.startsWith(path)) return undefined
  const name = decoded(pathname.slice(path.length))
  checkName(name)
  return { name, query: searchParams }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    throw new HubError('invalid-channel', 'the channel name is not percent-encoded UTF-8')
  }
}

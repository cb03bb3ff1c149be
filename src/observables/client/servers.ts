import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'

/** The servers of a client. One is in use. If it cannot be reached, the client continues with the next. */
export interface Servers {
  /** Resolves a URL at the first server. The result names the channel. */
  name(url: string): string
  /** The index of the server in use. */
  readonly current: number
  /** Resolves a URL at a server. */
  at(url: string, server: number): string
  /** Continues with the next server, unless that was done already or the next one gives the same URL. */
  leave(server: number, url: string): void
}

/**
 * Creates the list of a client's servers from `baseUrl`.
 *
 * @throws PushError `invalid-url` if one is not an absolute HTTP or WebSocket URL, or has a user name or password;
 * `invalid-option` if the list is empty.
 */
export function serverList(given: string | readonly string[] | undefined): Servers {
  const named = typeof given === 'string' ? [given] : given
  if (named?.length === 0)
    throw new PushError('invalid-option', DEV && 'Invalid option `baseUrl`: the list is empty. Give at least one URL.')
  // The page's own URL may be `about:blank`, which does not matter if all URLs are absolute.
  const servers = named?.map((base) => absolute(base)) ?? [globalThis.location?.href]
  let current = 0
  return {
    name: (url) => absolute(url, servers[0]),
    get current() {
      return current
    },
    at: (url, server) => absolute(url, servers[server]),
    leave(server, url) {
      const next = (server + 1) % servers.length
      if (server === current && absolute(url, servers[next]) !== absolute(url, servers[server])) current = next
    },
  }
}

/** Returns an absolute HTTP URL without fragment. The URL of a WebSocket becomes that of its upgrade request. */
function absolute(url: string, base?: string): string {
  const address = parse(url.replace(/^ws(s?:)/i, 'http$1'), base)
  if (!address || !/^https?:$/.test(address.protocol)) {
    const fix =
      DEV && (base ? 'Give an absolute or a relative one.' : 'Outside a page, give an absolute URL or set `baseUrl`.')
    throw new PushError(
      'invalid-url',
      DEV && `Invalid URL "${redactUrl(url)}": it is not an HTTP or WebSocket URL. ${fix}`,
    )
  }
  if (address.username !== '' || address.password !== '') {
    throw new PushError(
      'invalid-url',
      DEV &&
        `Invalid URL "${redactUrl(url)}": it has a user name or password, and browsers do not fetch such URLs. Return credentials from \`prepareRequest\`: { headers: { Authorization } } or { query }.`,
    )
  }
  address.hash = ''
  return address.href
}

function parse(url: string, base: string | undefined): URL | undefined {
  try {
    return new URL(url, base)
  } catch {
    return undefined
  }
}

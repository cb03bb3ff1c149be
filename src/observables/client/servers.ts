import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'

/** The servers of a client: one is in use, and left for the next where it cannot be reached. */
export interface Bases {
  /** A URL as the first server has it, which is what names it. */
  name(url: string): string
  /** The server in use. */
  readonly present: number
  /** A URL as that server has it. */
  at(url: string, server: number): string
  /** Goes on from a server to the next, where nobody did so before and that is another for this URL. */
  leave(server: number, url: string): void
}

/**
 * @throws PushError `invalid-url` where one is not an absolute HTTP or WebSocket URL, or has a user name or password;
 * `invalid-option` where there is none.
 */
export function serverList(given: string | readonly string[] | undefined): Bases {
  const named = typeof given === 'string' ? [given] : given
  if (named?.length === 0) throw new PushError('invalid-option', DEV && '`baseUrl` is an empty list: name one at least')
  // The page's own address, which may be `about:blank`, does not matter to who names whole URLs.
  const servers = named?.map((base) => absolute(base)) ?? [globalThis.location?.href]
  let present = 0
  return {
    name: (url) => absolute(url, servers[0]),
    get present() {
      return present
    },
    at: (url, server) => absolute(url, servers[server]),
    leave(server, url) {
      const next = (server + 1) % servers.length
      if (server === present && absolute(url, servers[next]) !== absolute(url, servers[server])) present = next
    },
  }
}

/** Absolute, and of HTTP: a WebSocket's address is that of its upgrade request. The fragment is not part of it. */
function absolute(url: string, base?: string): string {
  const address = parse(url.replace(/^ws(s?:)/i, 'http$1'), base)
  if (!address || !/^https?:$/.test(address.protocol)) {
    const fix = base ? '' : '. Outside a page, give an absolute URL or name `baseUrl`'
    throw new PushError('invalid-url', DEV && `Invalid URL: ${redactUrl(url)} is not an HTTP or WebSocket URL${fix}.`)
  }
  if (address.username !== '' || address.password !== '') {
    throw new PushError(
      'invalid-url',
      DEV &&
        `Invalid URL: ${redactUrl(url)} has a user name or password in it, and browsers refuse to fetch it. Send credentials by \`prepareRequest\`: { headers: { Authorization } } or { query }.`,
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

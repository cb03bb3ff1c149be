import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { call } from './callbacks.ts'
import { limitKey, type Arrival } from './client-address.ts'
import type { OriginPolicy } from './origin-policy.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'

/** The origin of a page that may read the response, and whether with credentials. */
export interface CrossOrigin {
  readonly origin: string
  readonly credentials: boolean
}

/** The client of a connection, as far as the hub can verify it. */
export interface Client {
  /** The headers that `authorize` receives. A TCP connection has none. */
  readonly headers: IncomingHttpHeaders
  readonly clientIp: string
  /** The address that the limits count. */
  readonly limitKey: string
  readonly crossOrigin: CrossOrigin | undefined
}

/** Identifies the client of a TCP connection. */
export const anonymousClient = (clientIp: string): Client => ({
  headers: {},
  clientIp,
  limitKey: limitKey(clientIp),
  crossOrigin: undefined,
})

/**
 * Identifies the client of a request that pages of these origins made, or returns why it is refused: its host, one of the
 * origins, or a `clientIp` that failed. An origin is undefined if the request does not have it.
 */
export type IdentifyClient = (request: IncomingMessage, origins: readonly (string | undefined)[]) => Client | Refusal

export interface IdentifyClientOptions {
  arrivalOf: (request: IncomingMessage) => Arrival
  clientIp: ((request: IncomingMessage) => string) | undefined
  policy: OriginPolicy
  report: Report
}

export function createIdentifyClient({
  arrivalOf,
  clientIp: clientIpOf,
  policy,
  report,
}: IdentifyClientOptions): IdentifyClient {
  /** Decides how far the pages of all origins are trusted: as their users, or without credentials. */
  const trustOf = (
    origins: readonly (string | undefined)[],
    own: string,
    embedded: boolean,
  ): { isForeign: boolean; isAnonymous: boolean } | Refusal => {
    let isForeign = false
    let isAnonymous = false
    for (const origin of origins) {
      if (origin === undefined) continue
      const standing = policy.standing(origin, own)
      if (typeof standing === 'object') return standing
      if (embedded && standing === 'own') return EMBEDDED
      isForeign ||= standing !== 'own'
      isAnonymous ||= standing === 'anonymous'
    }
    return { isForeign, isAnonymous }
  }

  return (request, origins) => {
    const { headers } = request
    const host = requestedHost(headers)
    const refusal = hasSeveralHosts(request) ? SEVERAL_HOSTS : policy.hostRefusal(host)
    if (refusal) return refusal
    const [origin, parent] = origins
    const embedded = origin === undefined && isEmbedded(headers)
    // Only a forever frame names the origin of its page in the query.
    if (embedded && (parent === undefined || headers['sec-fetch-dest'] !== 'iframe')) return EMBEDDED
    const arrival = arrivalOf(request)
    const trust = trustOf(origins, originOf(`${arrival.scheme}://${host}`), embedded)
    if ('status' in trust) return trust
    const clientIp = clientIpOf ? call('clientIp', () => clientIpOf(request), toString, report) : arrival.address
    if (typeof clientIp === 'object') return clientIp
    const { isForeign, isAnonymous } = trust
    return {
      headers: isAnonymous ? withoutCredentials(headers) : headers,
      clientIp,
      limitKey: limitKey(clientIp),
      crossOrigin: origin !== undefined && isForeign ? { origin, credentials: !isAnonymous } : undefined,
    }
  }
}

/** HTTP/2 has a pseudo-header for it. */
const requestedHost = (headers: IncomingHttpHeaders): string => String(headers[':authority'] ?? headers.host ?? '')

/** Two parsers could choose different ones (RFC 9112 section 3.2). Node chooses the first. */
const hasSeveralHosts = ({ headersDistinct }: IncomingMessage): boolean => (headersDistinct?.['host']?.length ?? 0) > 1
const SEVERAL_HOSTS: Refusal = { status: 400, message: 'Invalid request: it has more than one Host header.' }

/**
 * Whether a browser made the request for a page of another origin, as for a script, an image or a frame. Such a request
 * has no Origin header, but it has cookies (Fetch Metadata: `Sec-Fetch-Site`). A page that a user opens is not embedded.
 */
function isEmbedded(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-dest'] !== 'document'
}
const EMBEDDED: Refusal = {
  status: 403,
  message:
    'Forbidden: a page of another origin embeds this URL, and the browser does not name the origin. Use fetch, EventSource or WebSocket.',
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url)

/** Schemes of credentials that a browser adds by itself, without the page's knowledge. */
const AMBIENT = /^\s*(basic|digest|negotiate|ntlm)\b/i

function withoutCredentials(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const rest = { ...headers }
  delete rest.cookie
  if (AMBIENT.test(rest.authorization ?? '')) delete rest.authorization
  return rest
}

function toString(returned: unknown): string {
  if (typeof returned !== 'string') throw new TypeError(`It returned ${typeof returned}. Return a string.`)
  return returned
}

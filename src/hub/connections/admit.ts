import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { AUTHORIZE_TIMEOUT, parseAnswer, type Authorize, type AuthorizeRequest } from '../security/authorize.ts'
import { call, callAsync } from '../security/callbacks.ts'
import { limitKey, type Arrival } from '../security/client-address.ts'
import type { Limits } from '../security/rate-limits.ts'
import type { OriginPolicy } from '../security/origin-policy.ts'
import { CLOSED, refusalOf, type Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import type { Streams } from './connection-set.ts'

/** A page's origin that may read what is answered, and whether as a user. */
export interface CrossOrigin {
  readonly origin: string
  readonly credentials: boolean
}

/** The other end of a connection, as far as the hub believes it. */
export interface Client {
  /** What `authorize` sees of its headers; by TCP alone there are none. */
  readonly headers: IncomingHttpHeaders
  readonly clientIp: string
  /** Whom the limits count. */
  readonly limitKey: string
  readonly crossOrigin: CrossOrigin | undefined
}

/** What `authorize` is asked, beside who asks. */
export type Intent = Omit<AuthorizeRequest, 'headers' | 'clientIp'>

/** One request for something of the hub's, by whatever it came. */
export interface Entry {
  readonly client: Client | Refusal
  /** Why it cannot be served, whoever asks. */
  readonly invalid?: Refusal | undefined
  /** Absent: it needs no permission. */
  readonly intent?: Intent | undefined
  readonly connection: Connection
  /** The connection was counted when it came. */
  readonly counted?: boolean
  refuse(refusal: Refusal): void
  serve(): void
}

/** A socket or a response. */
export interface Connection {
  readonly destroyed: boolean
  once(event: 'close', listener: () => void): unknown
}

/** The one way in, for requests, upgrades, tunnels and lines over TCP. */
export interface Admission {
  /**
   * The client of a request that came from the pages of these origins, if from any; or why it is refused: its host, one
   * of the origins, or that the application failed to tell who it is.
   */
  identify(request: IncomingMessage, origins: readonly (string | undefined)[]): Client | Refusal
  /** The client of a TCP connection. */
  anonymous(clientIp: string): Client
  /** Counts a connection until it closes, or says why there is no room for it. */
  enter(client: Client, connection: Connection): Refusal | undefined
  /** Whether a client may do something now. Undefined allows, at once where there is no `authorize`. Never rejects. */
  permit(client: Client, intent: Intent): Refusal | undefined | Promise<Refusal | undefined>
  /** Serves an entry or refuses it: by host and origin, closed, form, limits, `authorize`, and closed again. */
  admit(entry: Entry): void
}

export interface AdmissionOptions {
  arrivalOf: (request: IncomingMessage) => Arrival
  clientIp: ((request: IncomingMessage) => string) | undefined
  policy: OriginPolicy
  authorize: Authorize | undefined
  limits: Limits
  streams: Streams
  closed: () => boolean
  report: Report
}

export function createAdmission({
  arrivalOf,
  clientIp: clientIpOf,
  policy,
  authorize,
  limits,
  streams,
  closed,
  report,
}: AdmissionOptions): Admission {
  const permit: Admission['permit'] = ({ headers, clientIp, limitKey }, intent) => {
    if (closed()) return CLOSED
    const busy = intent.action === 'publish' ? limits.publish(limitKey) : undefined
    if (busy || !authorize) return busy
    const asked = { ...intent, headers, clientIp }
    return callAsync('authorize', () => authorize(asked), parseAnswer, { within: AUTHORIZE_TIMEOUT, report })
  }

  const enter: Admission['enter'] = ({ limitKey }, connection) => {
    const entered = limits.enter(limitKey)
    if (typeof entered === 'object') return entered
    connection.once('close', entered)
    return undefined
  }

  return {
    permit,
    enter,
    anonymous: (clientIp) => ({ headers: {}, clientIp, limitKey: limitKey(clientIp), crossOrigin: undefined }),

    identify(request, origins) {
      const { headers } = request
      const host = addressedHost(headers)
      const refusal = hostTwice(request) ? HOST_TWICE : policy.hostRefusal(host)
      if (refusal) return refusal
      const [origin, parent] = origins
      const embedded = origin === undefined && isEmbedded(headers)
      // A forever frame names its page in the query.
      if (embedded && (parent === undefined || headers['sec-fetch-dest'] !== 'iframe')) return EMBEDDED
      const arrival = arrivalOf(request)
      const own = ownOrigin(`${arrival.scheme}://${host}`)
      let anonymous = false
      let foreign = false
      for (const each of origins) {
        const standing = each === undefined ? 'own' : policy.standing(each, own)
        if (typeof standing === 'object') return standing
        if (embedded && each !== undefined && standing === 'own') return EMBEDDED
        foreign ||= standing !== 'own'
        anonymous ||= standing === 'anonymous'
      }
      const clientIp = clientIpOf ? call('clientIp', () => clientIpOf(request), text, report) : arrival.address
      if (typeof clientIp === 'object') return clientIp
      return {
        headers: anonymous ? withoutCredentials(headers) : headers,
        clientIp,
        limitKey: limitKey(clientIp),
        crossOrigin: origin !== undefined && foreign ? { origin, credentials: !anonymous } : undefined,
      }
    },

    admit({ client, invalid, intent, connection, counted = false, refuse, serve }) {
      // A request can be late here: the application may have waited for something, and the client left.
      if (connection.destroyed) return
      const act = (refusal: Refusal | undefined) => {
        try {
          if (refusal) refuse(refusal)
          else serve()
        } catch (error) {
          refuse(refusalOf(error, report))
        }
      }
      if ('status' in client) return act(client)
      const refusal = closed() ? CLOSED : (invalid ?? (counted ? undefined : enter(client, connection)))
      if (refusal || !intent) return act(refusal)
      const permission = permit(client, intent)
      if (!(permission instanceof Promise)) return act(permission)

      let waiting = true
      const settle = (decided: Refusal | undefined) => {
        if (!waiting) return
        leave()
        act(decided)
      }
      // A hub that closes meanwhile says so at once.
      const remove = streams.add({ beat: () => {}, stop: () => settle(CLOSED), cut: () => settle(CLOSED) })
      const leave = () => {
        waiting = false
        remove()
      }
      connection.once('close', leave)
      permission.then(settle).catch((error: unknown) => report('a request could not be refused', error))
    },
  }
}

/** HTTP/2 says it in a field of its own. */
const addressedHost = (headers: IncomingHttpHeaders): string => String(headers[':authority'] ?? headers.host ?? '')

/** Two parsers could take either of two (RFC 9112 section 3.2); Node takes the first. */
const hostTwice = ({ headersDistinct }: IncomingMessage): boolean => (headersDistinct?.['host']?.length ?? 0) > 1
const HOST_TWICE: Refusal = { status: 400, line: 'the request has more than one Host' }

/**
 * Whether a page of another origin made a browser ask, as for a script, an image or a frame. Of those the browser names no
 * origin, and sends cookies along (Fetch Metadata: `Sec-Fetch-Site`). What a user opens as a page is the user's own wish.
 */
function isEmbedded(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  return (site === 'cross-site' || site === 'same-site') && headers['sec-fetch-dest'] !== 'document'
}
const EMBEDDED: Refusal = {
  status: 403,
  line: 'a page of another origin embeds this, and its browser does not say which: read it by fetch, EventSource or WebSocket',
}

const ownOrigin = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url)

/** A browser sends these along by itself, for a page that knows nothing of them. */
const AMBIENT = /^\s*(basic|digest|negotiate|ntlm)\b/i

function withoutCredentials(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const rest = { ...headers }
  delete rest.cookie
  if (AMBIENT.test(rest.authorization ?? '')) delete rest.authorization
  return rest
}

function text(returned: unknown): string {
  if (typeof returned !== 'string') throw new TypeError(`It returned ${typeof returned}. Return a string.`)
  return returned
}

import { validateHeaderName, validateHeaderValue, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { HttpTechnique } from '../http/negotiate.ts'
import type { Refusal } from '../http/http-errors.ts'
import { oneLine } from '../sanitize.ts'

/** A request that `authorize` decides. */
export interface AuthorizeRequest {
  readonly action: 'subscribe' | 'publish' | 'delete' | 'state' | 'tunnel'
  /** The name of the channel, or the path of the tunnel. */
  readonly channel: string
  /**
   * The technique of a subscriber, by the client's name for it: `sse`, `longPolling`, `polling`, `iframeStream`,
   * `webSocket`, `flashSocket`; `stream` is `fetchStream` or `xhrStream`, which send the same request. Any request that
   * accepts `text/event-stream` is `sse`. A message that is published over a WebSocket or a TCP connection has
   * `webSocket` or `flashSocket`. Undefined for any other action.
   */
  readonly technique: HttpTechnique | 'webSocket' | 'flashSocket' | undefined
  /** The HTTP method. */
  readonly method: string
  /**
   * The headers of the request or of the upgrade. A TCP connection has none, unless it uses the hub's tunnel. If only `*`
   * in `allowedOrigins` allows the page's origin, cookies and the browser's own credentials (Basic, Digest, Negotiate,
   * NTLM) are removed. `Authorization: Bearer` has the token that the client of a session sent last.
   */
  readonly headers: IncomingHttpHeaders
  /** The query of the channel's or the session's URL, with the token that the client of a session sent last. */
  readonly query: URLSearchParams
  /** The client's address, from the connection, a proxy in `trustedProxies`, or the option `clientIp`. */
  readonly clientIp: string
}

/**
 * The decision of `authorize`. `true` allows, and `false` responds with 403. An object responds with its status (401 or
 * 403), its reason (one line of printable text, up to 1,000 characters) and its headers, which must not describe the body
 * or the connection. For any other value the client receives a 500, and `log` receives a line.
 */
export type AuthorizeAnswer =
  | boolean
  | {
      readonly status: number
      readonly reason?: string | undefined
      readonly headers?: OutgoingHttpHeaders | undefined
    }

/**
 * Decides whether a client may do something. If it throws, rejects, returns another value or takes more than 10 seconds,
 * the client receives a 500, and `log` receives a line.
 *
 * @example authorize: async ({ query, channel }) => (await mayRead(query.get('token'), channel)) || { status: 401 }
 */
export type Authorize = (request: AuthorizeRequest) => AuthorizeAnswer | Promise<AuthorizeAnswer>

/** How long `authorize` may take, in ms. */
export const AUTHORIZE_TIMEOUT = 10_000

const MAX_REASON = 1_000

const FORBIDDEN = 'Forbidden'

/** Headers that only the hub may set: others would hide the end of the response, or mislead a proxy. */
const FRAMING = /^(connection|content-.*|date|keep-alive|te|trailer|transfer-encoding|upgrade|x-accel-.*)$/i

/** Parses what `authorize` returned. Undefined allows. @throws TypeError if the value is not an `AuthorizeAnswer` */
export function parseDecision(result: unknown): Refusal | undefined {
  if (result === true) return undefined
  if (result === false) return { status: 403, message: FORBIDDEN }
  if (typeof result !== 'object' || result === null) throw new TypeError(`It returned ${typeof result}. ${EXPECTED}`)
  const { status, reason, headers = {} } = result as Readonly<Record<string, unknown>>
  if (status !== 401 && status !== 403) throw new TypeError(`It returned another status. ${EXPECTED}`)
  if (reason !== undefined && !isReason(reason))
    throw new TypeError(`It returned a reason that cannot be sent. ${EXPECTED}`)
  const message = reason ?? (status === 401 ? 'Authentication required' : FORBIDDEN)
  return { status, message, headers: parseHeaders(headers) }
}

// A UTF-16 unit takes three bytes of UTF-8 at most.
const isReason = (reason: unknown): reason is string =>
  typeof reason === 'string' && reason.length <= MAX_REASON && oneLine(reason, 3 * MAX_REASON) === reason

const EXPECTED = `Return true, false, or { status: 401 | 403, reason?: one line of up to ${MAX_REASON} characters, headers? }.`

function parseHeaders(headers: unknown): OutgoingHttpHeaders {
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw new TypeError(`It returned headers that are not an object of names and values. ${EXPECTED}`)
  const parsed: OutgoingHttpHeaders = {}
  for (const [name, value] of Object.entries(headers as Readonly<Record<string, unknown>>)) {
    if (value === undefined) continue
    if (FRAMING.test(name)) throw new TypeError(`It returned the header ${name}, which is the hub's own.`)
    validateHeaderName(name)
    const values = (Array.isArray(value) ? value : [value]).map((single: unknown) => {
      if (typeof single !== 'string' && typeof single !== 'number')
        throw new TypeError(`It returned a value of ${name} that is neither a string nor a number.`)
      validateHeaderValue(name, String(single))
      return String(single)
    })
    parsed[name] = Array.isArray(value) ? values : values.join('')
  }
  return parsed
}

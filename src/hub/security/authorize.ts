import { validateHeaderName, validateHeaderValue, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import type { HttpTechnique } from '../http/negotiate.ts'
import type { Refusal } from '../http/http-errors.ts'
import { oneLine } from '../text.ts'

/** What somebody wants to do. */
export interface AuthorizeRequest {
  readonly action: 'subscribe' | 'publish' | 'delete' | 'state' | 'tunnel'
  /** Its name; of a tunnel, its path. */
  readonly channel: string
  /**
   * The technique of a subscriber, by the client's name for it: `sse`, `longPolling`, `polling`, `iframeStream`,
   * `webSocket`, `flashSocket`; `stream` is `fetchStream` or `xhrStream`, which send the same request. Any request that
   * accepts `text/event-stream` is `sse`. A message that is published over a WebSocket or a TCP connection has
   * `webSocket` or `flashSocket`. Undefined for any other action.
   */
  readonly technique: HttpTechnique | 'webSocket' | 'flashSocket' | undefined
  readonly method: string
  /**
   * By TCP alone there are none; through the hub's tunnel they are the upgrade's. Without cookies and credentials of the
   * browser's own (Basic, Digest, Negotiate, NTLM) where only `*` in `allowedOrigins` allows the page's origin.
   */
  readonly headers: IncomingHttpHeaders
  readonly query: URLSearchParams
  /** The client's, as `trustedProxies` or `clientIp` tell it. */
  readonly clientIp: string
}

/**
 * `true` allows, `false` is a 403. An object refuses with 401 or 403, a reason (one line of printable text, up to 1,000
 * characters) and headers, which may not describe the body or the connection. Any other value is a mistake of the
 * application: the client gets a 500, and `log` a line.
 */
export type AuthorizeAnswer =
  | boolean
  | {
      readonly status: number
      readonly reason?: string | undefined
      readonly headers?: OutgoingHttpHeaders | undefined
    }

/**
 * Decides who may do what. An error that it throws or rejects with, a value that is not an `AuthorizeAnswer`, and a
 * promise that is pending for ten seconds allow nothing: the client gets a 500, and `log` a line.
 *
 * @example authorize: async ({ query, channel }) => (await mayRead(query.get('token'), channel)) || { status: 401 }
 */
export type Authorize = (request: AuthorizeRequest) => AuthorizeAnswer | Promise<AuthorizeAnswer>

/** How long `authorize` may take, in ms. */
export const AUTHORIZE_TIMEOUT = 10_000

const MAX_REASON = 1_000

/** These belong to the writer of the response: others would hide its end, or send a proxy elsewhere. */
const FRAMING = /^(connection|content-.*|date|keep-alive|te|trailer|transfer-encoding|upgrade|x-accel-.*)$/i

/** What `authorize` answered: undefined allows. @throws TypeError that names what the answer should have been */
export function parseAnswer(answer: unknown): Refusal | undefined {
  if (answer === true) return undefined
  if (answer === false) return { status: 403, line: 'forbidden' }
  if (typeof answer !== 'object' || answer === null) throw new TypeError(`It returned ${typeof answer}. ${EXPECTED}`)
  const { status, reason, headers = {} } = answer as Readonly<Record<string, unknown>>
  if (status !== 401 && status !== 403) throw new TypeError(`It returned another status. ${EXPECTED}`)
  if (reason !== undefined && !isReason(reason))
    throw new TypeError(`It returned a reason that cannot be sent. ${EXPECTED}`)
  const line = reason ?? (status === 401 ? 'authentication required' : 'forbidden')
  return { status, line, headers: parseHeaders(headers) }
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
    const values = (Array.isArray(value) ? value : [value]).map((one: unknown) => {
      if (typeof one !== 'string' && typeof one !== 'number')
        throw new TypeError(`It returned a value of ${name} that is neither a string nor a number.`)
      validateHeaderValue(name, String(one))
      return String(one)
    })
    parsed[name] = Array.isArray(value) ? values : values.join('')
  }
  return parsed
}

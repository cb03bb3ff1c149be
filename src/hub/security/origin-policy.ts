import { call } from './callbacks.ts'
import { HubError } from '../errors.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import { quoted } from '../sanitize.ts'

export interface OriginOptions {
  /**
   * Origins whose pages may read, publish and connect, in addition to the hub's own: a list, or a function that returns
   * true for them. Write an origin as browsers send it: scheme, host and port. `*` allows every origin without
   * credentials: `authorize` then receives neither cookies nor the browser's own logins.
   * @default []
   * @example allowedOrigins: ['https://app.example', 'http://localhost:5173']
   */
  allowedOrigins?: readonly string[] | ((origin: string) => boolean)
  /**
   * Host names by which clients may reach the hub, without port, in addition to `localhost`, `127.0.0.1` and `[::1]`.
   * @default []
   * @example allowedHosts: ['push.example.com']
   */
  allowedHosts?: readonly string[]
}

/** Why a page may use the hub: it has the hub's own origin, its origin is listed, or only `*` allows it. */
type Standing = 'own' | 'listed' | 'anonymous'

export interface OriginPolicy {
  /** Returns why a request to this host is refused. Undefined: it is not. */
  hostRefusal(host: string): Refusal | undefined
  /** Returns why a page of this origin may use a hub with the origin `own`, or why it is refused. */
  standing(origin: string, own: string): Standing | Refusal
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * Creates the checks of the Host and Origin headers. A page of any site can make a browser send requests to this machine.
 * The Host header reveals a name that was rebound to loopback (DNS rebinding). The Origin header names the page, also on
 * requests without a preflight. Origins are compared by scheme, host and port (RFC 6454).
 *
 * @throws HubError `invalid-option`
 */
export function createOriginPolicy(
  { allowedOrigins = [], allowedHosts = [] }: OriginOptions,
  report: Report,
): OriginPolicy {
  const names = new Set([...LOOPBACK, ...allowedHosts].map((name) => name.toLowerCase()))
  const listed = typeof allowedOrigins === 'function' ? new Set<string>() : new Set(allowedOrigins)
  for (const origin of listed) checkOrigin(origin)
  const isListed = (origin: string): boolean | Refusal =>
    typeof allowedOrigins === 'function'
      ? call('allowedOrigins', () => allowedOrigins(origin), toBoolean, report)
      : listed.has(origin)

  return {
    hostRefusal(host) {
      const name = host.replace(/:\d+$/, '').toLowerCase()
      if (names.has(name)) return undefined
      return { status: 403, message: `Host ${quoted(host)} is not allowed. Add it to \`allowedHosts\`.` }
    },
    standing(origin, own) {
      if (origin === own) return 'own'
      const isAllowed = isListed(origin)
      if (typeof isAllowed === 'object') return isAllowed
      if (isAllowed) return 'listed'
      if (listed.has('*')) return 'anonymous'
      return {
        status: 403,
        message: `Origin ${quoted(origin)} is not allowed at ${own}. Add it to \`allowedOrigins\`, or add the proxy that terminates TLS to \`trustedProxies\`.`,
      }
    },
  }
}

function toBoolean(returned: unknown): boolean {
  if (typeof returned !== 'boolean') throw new TypeError(`It returned ${typeof returned}. Return true or false.`)
  return returned
}

/** URL parsers return no origin for schemes other than HTTP, but browsers send them, as `capacitor://localhost`. */
function checkOrigin(origin: string): void {
  if (origin === '*' || (/^[a-z][\w+.-]*:\/\/[^\s/?#@]+$/.test(origin) && isCanonical(origin))) return
  throw new HubError(
    'invalid-option',
    `Invalid \`allowedOrigins\`: ${JSON.stringify(origin)} is not an origin. Write it as https://app.example, without a path.`,
  )
}

const isCanonical = (origin: string): boolean =>
  !origin.startsWith('http') || (URL.canParse(origin) && new URL(origin).origin === origin)

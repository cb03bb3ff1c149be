import { call } from './callbacks.ts'
import { HubError } from '../errors.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import { quoted } from '../text.ts'

export interface OriginOptions {
  /**
   * Origins beside the hub's own whose pages may read, publish and connect, each as a browser sends it
   * (`https://app.example`), or a function that returns true for them. `*` allows all, without credentials: `authorize`
   * then sees neither cookies nor a login of the browser's own from them.
   * @default []
   */
  allowedOrigins?: readonly string[] | ((origin: string) => boolean)
  /** Names under which the hub may be addressed beside localhost, without port. @default [] */
  allowedHosts?: readonly string[]
}

/** What a page of an origin is to the hub: of its own origin, named by the application, or allowed by `*` alone. */
type Standing = 'own' | 'named' | 'anonymous'

export interface OriginPolicy {
  /** Why a request that is addressed to this host is refused, or undefined. */
  hostRefusal(host: string): Refusal | undefined
  /** What a page of this origin is to a hub that was reached at `own`, or why it is refused. */
  standing(origin: string, own: string): Standing | Refusal
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * A page of any site can make a browser ask this machine. The Host header tells a name that was rebound to loopback; the
 * Origin tells whose page asks, on requests that need no preflight too. Origins are compared whole: scheme, host and
 * port (RFC 6454).
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
  const isNamed = (origin: string): boolean | Refusal =>
    typeof allowedOrigins === 'function'
      ? call('allowedOrigins', () => allowedOrigins(origin), yesOrNo, report)
      : listed.has(origin)

  return {
    hostRefusal(host) {
      const name = host.replace(/:\d+$/, '').toLowerCase()
      if (names.has(name)) return undefined
      return { status: 403, line: `Host ${quoted(host)} is not a name of this hub: list it in \`allowedHosts\`` }
    },
    standing(origin, own) {
      if (origin === own) return 'own'
      const named = isNamed(origin)
      if (typeof named === 'object') return named
      if (named) return 'named'
      if (listed.has('*')) return 'anonymous'
      return {
        status: 403,
        line: `Origin ${quoted(origin)} is not allowed at ${own}: list it in \`allowedOrigins\`, or list the proxy that ends its TLS in \`trustedProxies\``,
      }
    },
  }
}

function yesOrNo(returned: unknown): boolean {
  if (typeof returned !== 'boolean') throw new TypeError(`It returned ${typeof returned}. Return true or false.`)
  return returned
}

/** Other schemes than HTTP's have no origin to a URL parser, but browsers send them: `capacitor://localhost`. */
function checkOrigin(origin: string): void {
  if (origin === '*' || (/^[a-z][\w+.-]*:\/\/[^\s/?#@]+$/.test(origin) && isCanonical(origin))) return
  throw new HubError(
    'invalid-option',
    `allowedOrigins: ${JSON.stringify(origin)} is not an origin as browsers send it. Write it as https://app.example, without a path`,
  )
}

const isCanonical = (origin: string): boolean =>
  !origin.startsWith('http') || (URL.canParse(origin) && new URL(origin).origin === origin)

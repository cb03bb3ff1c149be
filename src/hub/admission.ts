import type { IncomingHttpHeaders } from 'node:http'

export interface AdmissionOptions {
  /**
   * Origins beside the hub's own whose pages may read, publish and connect, e.g. `https://app.example`, or a function
   * that says so. `*`: all, without credentials.
   * @default []
   */
  origins?: readonly string[] | ((origin: string) => boolean)
  /** Names under which the hub may be addressed beside localhost, without port. @default [] */
  hosts?: readonly string[]
}

/** Who may ask. */
export interface Admission {
  /** Why the request is refused whatever it asks, or undefined. */
  hostRefusal(headers: IncomingHttpHeaders): string | undefined
  /** Why the request may change nothing and open no WebSocket, or undefined. */
  originRefusal(headers: IncomingHttpHeaders): string | undefined
  /** The request's origin where its pages may read the answer, and whether with credentials. */
  crossOrigin(headers: IncomingHttpHeaders): { origin: string; credentials: boolean } | undefined
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/**
 * A page of any site can make a browser ask this machine. The Host header tells a name that was rebound to loopback;
 * the Origin tells whose page asks, on requests that need no preflight too.
 */
export function createAdmission({ origins = [], hosts = [] }: AdmissionOptions): Admission {
  const names = new Set([...LOOPBACK, ...hosts].map((name) => name.toLowerCase()))
  const named = (origin: string) => {
    if (typeof origins !== 'function') return origins.includes(origin)
    try {
      return origins(origin)
    } catch {
      // A browser also sends `null`; what the function cannot judge is not allowed.
      return false
    }
  }
  const listed = (origin: string) => named(origin) || (typeof origins !== 'function' && origins.includes('*'))

  return {
    hostRefusal(headers) {
      const host = addressedHost(headers)
      const name = host.replace(/:\d+$/, '').toLowerCase()
      return names.has(name) ? undefined : `Host ${JSON.stringify(host)} is not this hub's: list it in \`hosts\``
    },
    originRefusal(headers) {
      const { origin } = headers
      if (origin === undefined || listed(origin) || hostOf(origin) === addressedHost(headers)) return undefined
      return `Origin ${origin} is not allowed: list it in \`origins\``
    },
    crossOrigin: ({ origin }) =>
      origin !== undefined && listed(origin) ? { origin, credentials: named(origin) } : undefined,
  }
}

/** HTTP/2 says it in a field of its own. */
const addressedHost = (headers: IncomingHttpHeaders): string => String(headers[':authority'] ?? headers.host ?? '')

const hostOf = (origin: string): string | undefined => (URL.canParse(origin) ? new URL(origin).host : undefined)

import { defer, finalize, throwError, type Observable } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'

/** How many HTTP connections a client holds by answers that do not end, by origin. */
export type HeldConnections = Map<string, { now: number }>

interface Asked {
  readonly url: string
  readonly held?: HeldConnections | undefined
}

/**
 * How many of the six connections that browsers open to one origin over HTTP/1.1 may be held by answers that do not end.
 * A request beyond the sixth waits, without a word, until one is free; the rest is left for the application's own.
 */
const MOST = 4

const FIXES = DEV && 'Serve it by HTTP/2, use webSocket(), or carry several things in one channel.'

/**
 * Holds one of the origin's connections for as long as it is subscribed. Errors with `connection-limit` where too few
 * would be left.
 */
export const withConnectionSlot = <T>({ url, held }: Asked, technique: string, source: Observable<T>): Observable<T> =>
  defer(() => {
    const { origin } = new URL(url)
    const count = held?.get(origin) ?? { now: 0 }
    if (count.now >= MOST && takeTurns(origin)) {
      const message =
        DEV &&
        `Connection not opened: ${redactUrl(url)} would be held beside ${count.now} others to ${origin}, and over HTTP/1.1 a browser opens six in all. ${FIXES}`
      return throwError(() => new PushError('connection-limit', message, { technique }))
    }
    held?.set(origin, count)
    count.now += 1
    return source.pipe(finalize(() => void (count.now -= 1)))
  })

/** Whether requests to an origin take turns on few connections: a page's do, over HTTP/1.1. */
function takeTurns(origin: string): boolean {
  if (typeof location === 'undefined') return false
  // Browsers speak HTTP/2 over TLS alone; there, what came from this origin says what was agreed on.
  if (origin.startsWith('http:')) return true
  const known = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  return known.some(
    (entry) =>
      entry.name.startsWith(`${origin}/`) && 'nextHopProtocol' in entry && entry.nextHopProtocol === 'http/1.1',
  )
}

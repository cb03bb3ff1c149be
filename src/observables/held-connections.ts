import { defer, finalize, throwError, type Observable } from 'rxjs'
import { DEV } from './dev.ts'
import { PushError } from './errors.ts'
import { shown } from './in-words.ts'

/** How many HTTP connections a client holds by answers that do not end, by origin. */
export type HeldConnections = Map<string, { now: number; most: number }>

interface Asked {
  readonly url: string
  readonly held?: HeldConnections | undefined
}

/** What browsers open to one origin over HTTP/1.1; a request beyond waits, without a word, until one is free. */
const MOST = 6

const FIXES = DEV && 'serve it by HTTP/2, use webSocket(), or carry several things in one channel'

/**
 * Holds one of the origin's connections for as long as it is subscribed. Errors with `too-many-streams` where the
 * request would wait for a connection that is not going to be free.
 */
export const holding = <T>(asked: Asked, technique: string, source: Observable<T>): Observable<T> =>
  passing(
    asked,
    technique,
    defer(() => {
      const { origin } = new URL(asked.url)
      const count = asked.held?.get(origin) ?? { now: 0, most: 0 }
      asked.held?.set(origin, count)
      count.now += 1
      const first = count.now > count.most
      if (first) count.most = count.now
      if (DEV && first && count.now === MOST && takeTurns(origin))
        console.warn(
          `pinia-push: ${MOST} connections to ${origin} are held now, and over HTTP/1.1 a browser opens no more, so the next request would hang: ${FIXES}`,
        )
      return source.pipe(finalize(() => void (count.now -= 1)))
    }),
  )

/** Lets a request pass that needs a connection for a moment. Errors with `too-many-streams` where none is free. */
export const passing = <T>({ url, held }: Asked, technique: string, source: Observable<T>): Observable<T> =>
  defer(() => {
    const { origin } = new URL(url)
    const count = held?.get(origin)?.now ?? 0
    if (count < MOST || !takeTurns(origin)) return source
    const message =
      DEV &&
      `${shown(url)}: ${count} connections to ${origin} are held already, and over HTTP/1.1 a browser opens no more: ${FIXES}`
    return throwError(() => new PushError('too-many-streams', message, { technique }))
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

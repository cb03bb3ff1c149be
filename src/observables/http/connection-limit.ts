import { Observable, defer, finalize, throwError } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'

/** How many HTTP connections to each origin a client keeps busy with long responses. */
export type ConnectionLimit = Map<string, number>

/**
 * How many connections to one origin may be busy with long responses. Over HTTP/1.1 browsers open six and queue every
 * further request, so two are left for polls, posts and the application's own requests.
 */
const MAX_CONNECTIONS = 4

/**
 * Takes a connection to the origin, and returns the function that releases it; undefined if none is left. The limit
 * applies in a page, and where the origin is reached over HTTP/1.1.
 */
export function tryAcquire(limit: ConnectionLimit, origin: string): (() => void) | undefined {
  const add = (change: 1 | -1) => limit.set(origin, (limit.get(origin) ?? 0) + change)
  if ((limit.get(origin) ?? 0) >= MAX_CONNECTIONS && queuesRequests(origin)) return undefined
  add(1)
  return () => void add(-1)
}

/**
 * Keeps one of the origin's connections while the source is subscribed. Errors with `connection-limit` if none is
 * left.
 */
export const withConnectionSlot = <T>(
  { url, connectionLimit: limit }: { readonly url: string; readonly connectionLimit?: ConnectionLimit | undefined },
  technique: string,
  source: Observable<T>,
): Observable<T> =>
  defer(() => {
    if (!limit) return source
    const { origin } = new URL(url)
    const none = () => {
      const message =
        DEV &&
        `Connection to "${redactUrl(url)}" not opened: ${MAX_CONNECTIONS} streams to "${origin}" are open, in this page and others, and over HTTP/1.1 a browser opens six connections per origin. Serve it by HTTP/2, use webSocket(), fall back to polling(), or combine several channels into one.`
      return new PushError('connection-limit', message, { technique })
    }
    const release = tryAcquire(limit, origin)
    if (!release) return throwError(none)
    const shared = queuesRequests(origin) && 'locks' in navigator
    return (shared ? withSharedSlot(origin, none, source) : source).pipe(finalize(release))
  })

/**
 * Keeps one of the slots that all pages of the page's origin share, because a browser has its connections for all of them.
 * Each slot is a lock of the Web Locks API, so a page that crashes or is closed leaves its slots. A browser gives locks to
 * secure contexts only; elsewhere, each client has slots of its own.
 */
const withSharedSlot = <T>(origin: string, none: () => PushError, source: Observable<T>): Observable<T> =>
  new Observable((subscriber) => {
    const left = new Promise<void>((resolve) => subscriber.add(resolve))
    let opened = false
    /** Opens the stream, once: a lock that the application steals rejects when its stream is open. */
    const open = () => {
      if (opened || subscriber.closed) return
      opened = true
      source.subscribe(subscriber)
    }
    const tryLock = (slot: number) => {
      const locked = (lock: Lock | null) => {
        if (subscriber.closed) return
        if (lock) {
          subscriber.add(() => (released = Promise.all([released, request])))
          open()
        } else if (slot < MAX_CONNECTIONS) tryLock(slot + 1)
        else subscriber.error(none())
        return lock && left
      }
      // A page without storage, for example in a sandbox, has no locks.
      const request = navigator.locks.request(`pinia-push ${origin} ${slot}`, { ifAvailable: true }, locked).catch(open)
    }
    // A stream that has just ended leaves its slot to this one.
    void released.then(() => subscriber.closed || tryLock(1))
  })

/** Resolves when the slots of the streams that have ended are released. */
let released: Promise<unknown> = Promise.resolve()

/** Whether the browser queues requests to an origin behind others, as it does over HTTP/1.1. */
function queuesRequests(origin: string): boolean {
  if (typeof location === 'undefined') return false
  // Browsers speak HTTP/2 over TLS alone. There, earlier responses from the origin show which protocol was negotiated.
  if (origin.startsWith('http:')) return true
  const entries = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  return entries.some(
    (entry) =>
      entry.name.startsWith(`${origin}/`) && 'nextHopProtocol' in entry && entry.nextHopProtocol === 'http/1.1',
  )
}

import { fromEvent, map, merge, of, type Observable } from 'rxjs'

/** What a page tells of its own life. Those that have a state say it when they are subscribed. */
export interface PageSignals {
  /** Whether nobody can see the page. */
  readonly hidden$: Observable<boolean>
  /** Whether the host says that it has no network. */
  readonly offline$: Observable<boolean>
  /** Whether the page was left, so that it may go into the back/forward cache. */
  readonly left$: Observable<boolean>
  /** The page was frozen and is no more. */
  readonly thawed$: Observable<unknown>
}

/**
 * The signals of the page that this runs in; undefined where there is none (Node, a worker).
 *
 * @see https://wicg.github.io/page-lifecycle/, https://html.spec.whatwg.org/#page-visibility
 */
export function pageSignals(): PageSignals | undefined {
  if (typeof document === 'undefined') return
  const hidden = () => document.visibilityState === 'hidden'
  const event = (name: string, on: EventTarget = window) => fromEvent(on, name)
  return {
    hidden$: merge(of(undefined), event('visibilitychange', document)).pipe(map(hidden)),
    offline$: merge(of(undefined), event('online'), event('offline')).pipe(map(() => !navigator.onLine)),
    left$: merge(of(false), event('pagehide').pipe(map(() => true)), event('pageshow').pipe(map(() => false))),
    thawed$: event('resume', document),
  }
}

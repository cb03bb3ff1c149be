import { fromEvent, map, merge, of, type Observable } from 'rxjs'

/** Signals of a page's lifecycle. Each boolean signal emits its present value at subscription. */
export interface PageSignals {
  /** Emits whether the page is hidden. */
  readonly hidden$: Observable<boolean>
  /** Emits whether the host reports that it is offline. */
  readonly offline$: Observable<boolean>
  /** Emits whether the user left the page, so that it may enter the back/forward cache. */
  readonly left$: Observable<boolean>
  /** Emits when the page is no longer frozen. */
  readonly thawed$: Observable<unknown>
}

/**
 * Returns the signals of the current page, or undefined without one (Node, a worker).
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

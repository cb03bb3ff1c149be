import { EMPTY, fromEvent, merge, type Observable } from 'rxjs'

/**
 * What says that this host may be in another network now, where other techniques pass: it is online again, or its kind
 * of connection changed. Nothing where the host tells neither.
 *
 * @see https://wicg.github.io/netinfo/
 */
export function networkChanges(): Observable<unknown> {
  if (typeof window === 'undefined') return EMPTY
  const connection: unknown = Reflect.get(navigator, 'connection')
  return merge(fromEvent(window, 'online'), connection instanceof EventTarget ? fromEvent(connection, 'change') : EMPTY)
}

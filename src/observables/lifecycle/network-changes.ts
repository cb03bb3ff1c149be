import { EMPTY, fromEvent, merge, type Observable } from 'rxjs'

/**
 * Emits when this host may be in another network, where other techniques may work: it is online again, or its type of
 * connection changed. Emits nothing if the host reports neither.
 *
 * @see https://wicg.github.io/netinfo/
 */
export function networkChanges(): Observable<unknown> {
  if (typeof window === 'undefined') return EMPTY
  const connection: unknown = Reflect.get(navigator, 'connection')
  return merge(fromEvent(window, 'online'), connection instanceof EventTarget ? fromEvent(connection, 'change') : EMPTY)
}

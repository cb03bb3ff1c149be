import { Observable, Subscription, defer, of } from 'rxjs'
import { initialPosition, type Position } from './cursor.ts'
import { fault } from '../errors.ts'
import type { LinkEvent } from '../events.ts'
import type { LifecycleSignals } from './lifecycle.ts'
import { supervise, type SuperviseOptions } from './supervise.ts'
import { trackPosition } from './track-position.ts'

export interface ReconnectOptions<P> extends SuperviseOptions<P> {
  /** The position to start at: the last one that `moved` reported. @default new messages only */
  position?: Position | undefined
  /** Called with each new position, before readers get the event that moved it. */
  moved?: ((position: Position) => void) | undefined
  /** When to pause and when to reconnect at once. It is called at each subscription. @default never */
  lifecycle?: (() => LifecycleSignals) | undefined
}

/**
 * Keeps a channel connected: the only supervisor. It connects, owns the channel's position, waits for the delay of the
 * policy, and reconnects from there. The delay of the server (`Retry-After`, SSE `retry:`) is added to that of the policy, so
 * that clients do not return at the same time. The backoff resets only after a connection was open for the policy's
 * `resetAfter`. After a rejection of the user (401, 403, ...) it retries once, at once, with another result of `prepare`.
 *
 * While `lifecycle` has a reason to pause, it is disconnected and `idle`. After a pause the backoff starts again.
 *
 * It never errors. It emits `gap` if nothing proves that no message is missing, and completes after `closed` (the channel
 * ended) or `failed` (a retry cannot help, or the policy gave up).
 *
 * @example
 * reconnect({ prepare: () => of(null), connect: (cursor) => sse().connect({ ...request, cursor }), policy: backoff() })
 */
export function reconnect<P>({
  position = initialPosition(),
  moved = () => {},
  continuity,
  lifecycle = () => ({}),
  ...options
}: ReconnectOptions<P>): Observable<LinkEvent> {
  return new Observable((subscriber) => {
    const tracker = trackPosition(position, continuity, moved, subscriber)
    let signals: LifecycleSignals = {}
    let session = new Subscription()
    let reasons: string | undefined

    const fail = (cause: unknown) => {
      session.unsubscribe()
      tracker.end(true)
      subscriber.next({ type: 'failed', error: fault(cause) })
      subscriber.complete()
    }
    const pause = (pausedBy: readonly string[]) => {
      const before = reasons
      reasons = pausedBy.join()
      if (reasons === before) return
      session.unsubscribe()
      subscriber.add((session = new Subscription()))
      if (pausedBy.length > 0) subscriber.next({ type: 'idle', pausedBy })
      else supervise({ ...options, continuity, tracker, signals, subscriber, session, fail })
    }
    return defer(() => {
      signals = lifecycle()
      return signals.pause$ ?? of([])
    }).subscribe({ next: pause, error: fail })
  })
}

import { Observable, Subscription, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { RECYCLE, type SourceEvent, type SourceOpen } from '../events.ts'
import { each, runAfter } from '../internal/time.ts'
import { afterEvent, initialState, isForwarded, verdictOf } from './heartbeat-state.ts'

export interface HeartbeatOptions {
  /**
   * How long a connection may take to open, in ms. After each `connect-timeout` the next one has twice as long, up to 60 s,
   * because a server may open with its first event. @default 5_000
   */
  connectTimeout?: number
  /** The longest silence of a healthy connection if the server promises none, in ms. @default 15_000 */
  heartbeatInterval?: number
  /** How much longer than the heartbeat a silence may last, in ms. @default 5_000 */
  heartbeatGrace?: number
  /**
   * How long a connection without heartbeats may be silent, in ms. Then it reconnects from its cursor, if the server is
   * known to resume. @default 60_000
   */
  idleReconnectAfter?: number
}

/** How long a connection may take to open, in ms, if no option sets it. */
export const CONNECT_TIMEOUT = 5_000

/** The longest silence of a healthy connection if neither the server nor the client names one, in ms. */
export const DEFAULT_HEARTBEAT = 15_000

/** How soon a connection that should have been replaced, but had no cursor, is checked again, in ms. */
const OVERDUE = 1_000

/**
 * Ends a connection that shows no sign of life. Every event is one, because a technique emits `alive` for every chunk.
 *
 * If the server promised heartbeats, a longer silence is a `heartbeat-timeout`. If it did not, silence proves nothing. Then
 * an idle connection errors with `RECYCLE`, which loses no message and detects a dead connection. A connection that is only
 * `unconfirmed` has the default heartbeat. One that `expectsGreeting` is open when its first event was parsed.
 *
 * @param resumable Returns whether a new connection would resume from the position of this one.
 * @param rotatable Returns whether that is certain, so that an idle connection is recycled.
 * @param until When the connection is recycled at the latest, by the scheduler's clock, in ms.
 */
export function monitorHeartbeat({
  connectTimeout = CONNECT_TIMEOUT,
  heartbeatInterval = DEFAULT_HEARTBEAT,
  heartbeatGrace = 5_000,
  idleReconnectAfter = 60_000,
  promised,
  resumable,
  rotatable = resumable,
  until = Infinity,
  scheduler,
}: HeartbeatOptions & {
  promised?: number | undefined
  resumable: () => boolean
  rotatable?: () => boolean
  until?: number | undefined
  scheduler: SchedulerLike
}): MonoTypeOperatorFunction<SourceEvent> {
  const limits = { connectTimeout, heartbeatInterval, heartbeatGrace, idleReconnectAfter }
  return (source) =>
    new Observable((subscriber) => {
      let state = initialState(limits, promised)
      let seenAt = scheduler.now()
      let due: number
      let timer = Subscription.EMPTY
      let pings = Subscription.EMPTY

      // Each connection has one timer, which compares a timestamp. A timer for each message would cost more than the message.
      const checkAfter = (wait: number) => {
        timer.unsubscribe()
        const now = scheduler.now()
        // An overdue connection has a fixed wait: events that restart the timer would postpone the check for ever.
        const overdue = resumable() ? 0 : OVERDUE
        const delay = Math.min(wait, until > now ? until - now : overdue)
        due = now + delay
        timer = runAfter(delay, scheduler, check)
      }
      const check = () => {
        const now = scheduler.now()
        // The page was asleep: what arrived meanwhile is still to be read.
        if (now - due > heartbeatGrace) return checkAfter(heartbeatGrace)
        if (now >= until && resumable()) return subscriber.error(RECYCLE)
        const { limit } = state.silence
        const left = seenAt + limit - now
        if (left > 0) return checkAfter(left)
        const error = verdictOf(state, rotatable)
        if (error === undefined) checkAfter(limit)
        else subscriber.error(error)
      }

      const sendPings = ({ send, every }: NonNullable<SourceOpen['ping']>) => {
        pings.unsubscribe()
        pings = each(every, scheduler).subscribe(() => {
          try {
            send()
          } catch (cause) {
            // A connection that is closing reports that itself.
            if (!(cause instanceof PushError)) subscriber.error(cause)
          }
        })
      }

      const see = (event: SourceEvent) => {
        const { silence } = state
        seenAt = scheduler.now()
        state = afterEvent(state, event, limits)
        if (event.type === 'open' && event.ping) sendPings(event.ping)
        if (state.silence !== silence) checkAfter(state.silence.limit)
      }
      const forward = (event: SourceEvent) => {
        // The subscriber may have unsubscribed at an `open` that came with this event.
        if (subscriber.closed) return
        see(event)
        subscriber.next(event)
      }
      const next = (event: SourceEvent) => {
        if (subscriber.closed) return
        const { phase } = state
        if (event.type === 'message' && phase.type === 'open') {
          // The most frequent event changes no state.
          seenAt = scheduler.now()
          return subscriber.next(event)
        }
        // A proxy may send the head of a response and hold back its body, so the head is not a sign of life.
        if (event.type === 'open' && event.expectsGreeting) state = afterEvent(state, event, limits)
        else if (!isForwarded(phase, event)) see(event)
        else {
          if (phase.type === 'greeting' && event.type !== 'retry') forward(phase.open)
          forward(event)
        }
      }

      checkAfter(connectTimeout)
      subscriber.add(() => {
        timer.unsubscribe()
        pings.unsubscribe()
      })
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })
}

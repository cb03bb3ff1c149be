import { Observable, Subscription, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { ALIVE, RECYCLE, type SourceAlive, type SourceEvent, type SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { each, runAfter } from '../internal/time.ts'

export interface HeartbeatOptions {
  /**
   * A connection that does not open within this time is dropped, in ms. After each `connect-timeout` the next is given
   * twice as long, up to 60 s, because a server may open with its first event. @default 5_000
   */
  connectTimeout?: number
  /** The longest silence of a healthy connection, in ms, where the server promised none. @default 15_000 */
  heartbeatInterval?: number
  /** How much longer than the heartbeat a silence may last, in ms. @default 5_000 */
  heartbeatGrace?: number
  /**
   * A connection without heartbeats that was silent for this long is renewed from its cursor, in ms, where the server is
   * known to resume from cursors. @default 60_000
   */
  idleReconnectAfter?: number
}

/** The longest silence of a healthy connection where neither the server nor the client names one, in ms. */
export const DEFAULT_HEARTBEAT = 15_000

/** How soon what was to be renewed, and had no place to go on from, is looked at again, in ms. */
const OVERDUE = 1_000

const LATE =
  'Let the server send the head of its response at once, and not with its first event, or raise `connectTimeout`.'

/**
 * Ends a connection that gives no sign of life. Any event is one, because a technique says `alive` for every chunk.
 *
 * Where the server promised heartbeats, silence for longer is `heartbeat-timeout`. Where it did not, silence proves
 * nothing: an idle connection with a cursor is recycled (errors with `RECYCLE`), which loses nothing and finds a dead one
 * out. One that is only `unconfirmed` is held to the default heartbeat. One that `expectsGreeting` is open when that came,
 * and was read. Signs of life before `open` are for this watch alone.
 *
 * @param resumable Whether a new connection would go on from where this one is.
 * @param rotatable Whether that is certain, so that an idle one is recycled.
 * @param until When it is recycled at the latest, by the scheduler's clock, in ms.
 */
export function monitorHeartbeat({
  connectTimeout = 5_000,
  heartbeatInterval: presumed = DEFAULT_HEARTBEAT,
  heartbeatGrace = 5_000,
  idleReconnectAfter = 60_000,
  promised,
  resumable,
  rotatable = resumable,
  until = Infinity,
  scheduler,
}: HeartbeatOptions & {
  promised: number | undefined
  resumable: () => boolean
  rotatable?: () => boolean
  until?: number | undefined
  scheduler: SchedulerLike
}): MonoTypeOperatorFunction<SourceEvent> {
  return (source) =>
    new Observable((subscriber) => {
      let watch = Subscription.EMPTY
      let beats = Subscription.EMPTY
      let seen: number
      let limit: number
      let due: number
      let verdict: () => unknown
      let ungreeted: SourceEvent | undefined
      let reading = false
      let isOpen = false

      // One timer a connection that looks at a time stamp: a timer a message would cost more than the message.
      const look = (after: number) => {
        watch.unsubscribe()
        const now = scheduler.now()
        // What is overdue is looked at soon: events that set the timer again would put it off for ever.
        const overdue = resumable() ? 0 : OVERDUE
        const wait = Math.min(after, until > now ? until - now : overdue)
        due = now + wait
        watch = runAfter(wait, scheduler, check)
      }
      const check = () => {
        // So late that the page slept: what came meanwhile is still to be read.
        if (scheduler.now() - due > heartbeatGrace) return look(heartbeatGrace)
        if (scheduler.now() >= until && resumable()) return subscriber.error(RECYCLE)
        const left = seen + limit - scheduler.now()
        const error = left > 0 ? undefined : verdict()
        if (error === undefined) look(left > 0 ? left : limit)
        else subscriber.error(error)
      }
      const arm = (after: number, then: () => unknown) => {
        seen = scheduler.now()
        limit = after
        verdict = then
        look(after)
      }
      const expect = (heartbeat: number) => {
        const after = heartbeat + heartbeatGrace
        arm(after, () => new PushError('heartbeat-timeout', DEV && `no byte for ${after} ms`))
      }
      // Without a cursor there is nothing to go on from, and nothing says that it is dead: it is left alone.
      const rotate = () => (rotatable() ? RECYCLE : undefined)

      const beat = ({ send, every, within }: NonNullable<SourceOpen['ping']>) => {
        beats.unsubscribe()
        beats = each(every, scheduler).subscribe(() => {
          try {
            send()
          } catch (cause) {
            // A connection that is going is noticed by itself.
            if (!(cause instanceof PushError)) subscriber.error(cause)
          }
        })
        if (within === undefined) arm(idleReconnectAfter, rotate)
        else
          arm(
            every + within,
            () => new PushError('heartbeat-timeout', DEV && `No answer to a heartbeat within ${within} ms.`),
          )
      }

      const next = (event: SourceEvent) => {
        if (subscriber.closed) return
        if (event.type === 'open' && event.expectsGreeting) {
          // A proxy passes the head of an answer that it holds back.
          ungreeted = { ...event, expectsGreeting: false }
          return
        }
        // The head of a response is no sign that its body passes.
        if (event.type === 'alive' && event.heartbeat === 'default') return see(event)
        // Bytes alone are no greeting: they may be of another server, which is seen once they are read.
        if (!isOpen && (event === ALIVE || (event.type === 'alive' && !ungreeted))) return see(event)
        if (ungreeted && event.type !== 'retry') {
          const open = ungreeted
          ungreeted = undefined
          forward(open)
        }
        forward(event)
      }
      const forward = (event: SourceEvent) => {
        // It may have been left at `open`, which came with this event.
        if (subscriber.closed) return
        see(event)
        subscriber.next(event)
      }
      const see = (event: SourceEvent) => {
        seen = scheduler.now()
        if (event.type === 'open') {
          isOpen = true
          if (event.ping) beat(event.ping)
          else if (event.unconfirmed) expect(promised ?? presumed)
          else settle()
        } else if (event.type === 'alive' && event.heartbeat !== undefined) agree(event.heartbeat)
      }
      const settle = () => (promised === undefined ? arm(idleReconnectAfter, rotate) : expect(promised))
      const agree = (heartbeat: NonNullable<SourceAlive['heartbeat']>) => {
        if (heartbeat === 'default') {
          reading = true
          return expect(presumed)
        }
        if (heartbeat === promised && !reading) return
        reading = false
        if (heartbeat !== 'agreed') promised = heartbeat
        settle()
      }

      arm(connectTimeout, () => {
        const what = ungreeted ? 'open, and then silent: a proxy may hold the answer back. Not one byte' : 'not open'
        return new PushError('connect-timeout', DEV && `${what} within ${connectTimeout} ms. ${LATE}`)
      })
      subscriber.add(() => {
        watch.unsubscribe()
        beats.unsubscribe()
      })
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })
}

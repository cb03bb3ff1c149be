import { Observable, Subscription, type MonoTypeOperatorFunction, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { ROTATE, type SourceEvent } from '../event.ts'
import { DEV } from '../dev.ts'

export interface LivenessOptions {
  /** A connection that does not open within this time is dropped, in ms. @default 5_000 */
  openWithin?: number
  /** The longest silence of a healthy connection, in ms, where the server promised none. @default 15_000 */
  heartbeat?: number
  /** How much longer than the heartbeat a silence may last, in ms. @default 5_000 */
  timeout?: number
  /** A connection without heartbeats that was silent for this long is made anew from its cursor, in ms. @default 60_000 */
  rotateAfter?: number
}

/** What a timer can hold, in ms: a longer one would be due at once. */
export const LONGEST = 2 ** 31 - 1

/** How soon what was to be renewed, and had no place to go on from, is looked at again, in ms. */
const OVERDUE = 1_000

/**
 * Ends a connection that gives no sign of life. Any event is one, because a technique says `alive` for every chunk.
 *
 * Where the server promised heartbeats, silence for longer is `silent`. Where it did not, silence proves nothing: an
 * idle connection with a cursor is rotated (errors with `ROTATE`), which loses nothing and finds a dead one out. One
 * that is only presumed open is held to the default heartbeat. One whose server `greets` is open when it has.
 *
 * @param resumable Whether a new connection would go on from where this one is.
 * @param until When it is rotated at the latest, in ms since the epoch.
 */
export function liveness({
  openWithin = 5_000,
  heartbeat: presumed = 15_000,
  timeout = 5_000,
  rotateAfter = 60_000,
  promised,
  resumable,
  until = Infinity,
  scheduler,
}: LivenessOptions & {
  promised: number | undefined
  resumable: () => boolean
  until?: number | undefined
  scheduler: SchedulerLike
}): MonoTypeOperatorFunction<SourceEvent> {
  return (source) =>
    new Observable((subscriber) => {
      let watch = Subscription.EMPTY
      let seen: number
      let limit: number
      let due: number
      let verdict: () => unknown
      let ungreeted: SourceEvent | undefined

      // One timer a connection that looks at a time stamp: a timer a message would cost more than the message.
      const look = (after: number) => {
        watch.unsubscribe()
        const now = scheduler.now()
        const wait = Math.min(after, until > now ? until - now : OVERDUE, LONGEST)
        due = now + wait
        watch = scheduler.schedule(check, wait)
      }
      const check = () => {
        // So late that the page slept: what came meanwhile is still to be read.
        if (scheduler.now() - due > timeout) return look(timeout)
        if (scheduler.now() >= until && resumable()) return subscriber.error(ROTATE)
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
        const after = heartbeat + timeout
        arm(after, () => new PushError('silent', DEV && `no byte for ${after} ms`))
      }
      // Without a cursor there is nothing to go on from, and nothing says that it is dead: it is left alone.
      const rotate = () => (resumable() ? ROTATE : undefined)

      const next = (event: SourceEvent) => {
        if (event.type === 'open' && event.greets) {
          // A proxy passes the head of an answer that it holds back.
          ungreeted = { ...event, greets: false }
          return
        }
        if (ungreeted) {
          const open = ungreeted
          ungreeted = undefined
          told(open)
        }
        told(event)
      }
      const told = (event: SourceEvent) => {
        see(event)
        subscriber.next(event)
      }
      const see = (event: SourceEvent) => {
        seen = scheduler.now()
        if (event.type === 'open') {
          if (event.presumed) expect(promised ?? presumed)
          else if (promised !== undefined) expect(promised)
          else arm(rotateAfter, rotate)
        } else if (event.type === 'alive' && event.heartbeat !== undefined && event.heartbeat !== promised) {
          promised = event.heartbeat
          expect(promised)
        }
      }

      arm(openWithin, () => {
        const what = ungreeted ? 'open, and then silent: a proxy may hold the answer back. Not one byte' : 'not open'
        return new PushError('timeout', DEV && `${what} within ${openWithin} ms`)
      })
      subscriber.add(() => watch.unsubscribe())
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
    })
}

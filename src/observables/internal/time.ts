import {
  Observable,
  Subscription,
  asyncScheduler,
  map,
  race,
  repeat,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
} from 'rxjs'
import { PushError } from '../errors.ts'
import { DEV } from './dev.ts'

/** The longest time that a host's timer can wait, in ms: a longer one would be due at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1

const began = Date.now() - performance.now()

/**
 * The host's time, and the default of every `scheduler`. Its clock is monotonic (`performance.now()`), so that setting
 * the wall clock changes no duration. It begins as the wall's; only `wallTime` says what that shows now.
 *
 * @see https://www.w3.org/TR/hr-time-3/
 */
export const hostScheduler: SchedulerLike = {
  now() {
    const wall = asyncScheduler.now()
    // RxJS's TestScheduler gives its own schedulers virtual time while it runs.
    return wall < began / 2 ? wall : began + performance.now()
  },
  schedule: asyncScheduler.schedule.bind(asyncScheduler),
}

/** What the wall clock shows, in ms since the epoch: for people, and for instants that others name. Virtual time has one clock. */
export const wallTime = (scheduler: SchedulerLike): number =>
  (scheduler === hostScheduler ? asyncScheduler : scheduler).now()

/**
 * Runs `work` once, `ms` from now: the one timer of this library. It waits as long as it is told, also for longer than a
 * host's timer can (2^31 - 1 ms), and for ever with `Infinity`.
 *
 * @throws PushError `invalid-option` where `ms` is negative or NaN.
 */
export function runAfter(ms: number, scheduler: SchedulerLike, work: () => void): Subscription {
  if (!(ms >= 0)) throw new PushError('invalid-option', DEV && `A timer cannot wait ${ms} ms. Give 0 or more.`)
  if (ms <= MAX_TIMEOUT_MS) return scheduler.schedule(() => work(), ms)
  const waiting = new Subscription()
  const goOn = () => void waiting.add(runAfter(ms - MAX_TIMEOUT_MS, scheduler, work))
  if (ms < Infinity) waiting.add(scheduler.schedule(goOn, MAX_TIMEOUT_MS))
  return waiting
}

/** Emits once, `ms` from now, and completes: `timer` that waits as long as it is told. */
export const after = (ms: number, scheduler: SchedulerLike): Observable<0> =>
  new Observable((subscriber) =>
    runAfter(ms, scheduler, () => {
      subscriber.next(0)
      subscriber.complete()
    }),
  )

/** Emits every `ms`: `interval` that waits as long as it is told. */
export const each = (ms: number, scheduler: SchedulerLike): Observable<0> => after(ms, scheduler).pipe(repeat())

/** Errors where nothing was emitted within `ms`: `connect-timeout` that waits as long as it is told. */
export const firstWithin =
  <T>(ms: number, scheduler: SchedulerLike, late: () => unknown): MonoTypeOperatorFunction<T> =>
  (source) =>
    race(
      source,
      after(ms, scheduler).pipe(
        map(() => {
          throw late()
        }),
      ),
    )

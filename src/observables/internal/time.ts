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

/** The longest delay of a host's timer, in ms. With a longer one it would run at once. */
export const MAX_TIMEOUT_MS = 2 ** 31 - 1

const began = Date.now() - performance.now()

/**
 * Measures the host's time; the default of every `scheduler`. Its clock is monotonic (`performance.now()`), so that setting
 * the wall clock does not change a duration. It starts at the wall clock's time. `wallTime` returns the wall clock's time.
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

/**
 * Returns the wall clock's time, in ms since the epoch: to show to people, and to compare with times of a server. Virtual
 * time has one clock.
 */
export const wallTime = (scheduler: SchedulerLike): number =>
  (scheduler === hostScheduler ? asyncScheduler : scheduler).now()

/**
 * Runs `work` once, after `ms`. All timers of this library are made here. The delay may be longer than that of a host's
 * timer (2^31 - 1 ms). With `Infinity`, `work` never runs.
 *
 * @throws PushError `invalid-option` if `ms` is negative or NaN.
 */
export function runAfter(ms: number, scheduler: SchedulerLike, work: () => void): Subscription {
  if (!(ms >= 0))
    throw new PushError('invalid-option', DEV && `Timer not started: it cannot wait ${ms} ms. Give 0 or more.`)
  if (ms <= MAX_TIMEOUT_MS) return scheduler.schedule(() => work(), ms)
  const waiting = new Subscription()
  const goOn = () => void waiting.add(runAfter(ms - MAX_TIMEOUT_MS, scheduler, work))
  if (ms < Infinity) waiting.add(scheduler.schedule(goOn, MAX_TIMEOUT_MS))
  return waiting
}

/** Emits once after `ms`, and completes. Like `timer` of RxJS, without its upper limit. */
export const after = (ms: number, scheduler: SchedulerLike): Observable<0> =>
  new Observable((subscriber) =>
    runAfter(ms, scheduler, () => {
      subscriber.next(0)
      subscriber.complete()
    }),
  )

/** Emits every `ms`. Like `interval` of RxJS, without its upper limit. */
export const each = (ms: number, scheduler: SchedulerLike): Observable<0> => after(ms, scheduler).pipe(repeat())

/** Errors with `late()` if the source does not emit within `ms`. Like `timeout` of RxJS, without its upper limit. */
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

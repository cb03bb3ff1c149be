import { defer, filter, map, type Observable, type SchedulerLike } from 'rxjs'
import { each } from '../internal/time.ts'

/** The interval of the checks, in ms. */
const EVERY = 10_000

/**
 * Emits when the machine or the page has slept: a timer ran much later than scheduled, by the scheduler's monotonic clock.
 *
 * In Chromium and Node on Linux and macOS that clock stops during sleep. The wall clock is not used instead, because sleep
 * would look like a user who sets it. There, `online`, `resume` and heartbeats detect a dead connection, as in a page that
 * is awake.
 *
 * @param lateness Returns how late a timer may be without sleep, in ms. Browsers delay the timers of a hidden page.
 */
export const detectSleep = (scheduler: SchedulerLike, lateness: () => number): Observable<unknown> =>
  defer(() => {
    let before = scheduler.now()
    return each(EVERY, scheduler).pipe(
      map(() => {
        const passed = scheduler.now() - before
        before += passed
        return passed - EVERY
      }),
      filter((late) => late > lateness()),
    )
  })

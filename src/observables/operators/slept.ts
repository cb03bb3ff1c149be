import { defer, filter, interval, map, type Observable, type SchedulerLike } from 'rxjs'

/** How often the clock is looked at, in ms. */
const EVERY = 10_000

/**
 * Emits when the machine, or the page, has slept: when a timer finds that far more time passed than it asked for. The
 * scheduler's clock must be the wall's, because others stand still in sleep.
 *
 * @param lateness How late a timer may be now without that meaning sleep, in ms: those of a hidden page are held back.
 */
export const slept = (scheduler: SchedulerLike, lateness: () => number): Observable<unknown> =>
  defer(() => {
    let before = scheduler.now()
    return interval(EVERY, scheduler).pipe(
      map(() => {
        const passed = scheduler.now() - before
        before += passed
        return passed - EVERY
      }),
      filter((late) => late > lateness()),
    )
  })

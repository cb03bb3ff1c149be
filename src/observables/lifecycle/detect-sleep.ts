import { defer, filter, map, type Observable, type SchedulerLike } from 'rxjs'
import { each } from '../internal/time.ts'

/** How often the clock is looked at, in ms. */
const EVERY = 10_000

/**
 * Emits when the machine, or the page, has slept: when a timer finds that far more time passed by the
 * scheduler's clock than it asked for. That clock is monotonic. Where it stands still in sleep (Chromium and Node on Linux
 * and macOS), sleep looks just as a wall clock that is set, so the wall clock is not asked: what died meanwhile is found out
 * by its heartbeats, or recycled, within the time that an awake page takes, and by `online` and `resume`.
 *
 * @param lateness How late a timer may be now without that meaning sleep, in ms: those of a hidden page are held back.
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

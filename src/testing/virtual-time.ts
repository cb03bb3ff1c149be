import { VirtualAction, VirtualTimeScheduler, type SchedulerLike, type Subscription } from 'rxjs'
import { MAX_TIMEOUT_MS } from '../observables/internal/time.ts'

/** A scheduler whose time passes only when the test advances it. */
export interface VirtualTime extends SchedulerLike {
  /** Advances time by `ms`. Runs the timers that are due, in order, including those they set. */
  advance(ms: number): void
  /** Simulates that the machine sleeps for `ms`: the clock advances, and timers run late. */
  sleep(ms: number): void
  /** How many timers are set. */
  readonly pending: number
}

/**
 * Creates a scheduler for tests. Its time is 0 until `advance`. As in a browser, a timer that is longer than 2^31 - 1 ms is
 * due after 1 ms.
 *
 * @example
 * const time = virtualTime()
 * const push = createPushClient({ technique: technique, scheduler: time, retry: backoff({ scheduler: time }) })
 * time.advance(30_000)
 */
export function virtualTime(): VirtualTime {
  const scheduler = new VirtualTimeScheduler(HostAction)
  let slept = 0
  return {
    now: () => scheduler.now() + slept,
    schedule: scheduler.schedule.bind(scheduler),
    advance(ms) {
      const until = scheduler.frame + ms
      scheduler.maxFrames = until
      scheduler.flush()
      scheduler.frame = until
    },
    sleep(ms) {
      slept += ms
    },
    get pending() {
      return scheduler.actions.length
    },
  }
}

class HostAction<T> extends VirtualAction<T> {
  override schedule(state?: T, delay = 0): Subscription {
    return super.schedule(state, delay > MAX_TIMEOUT_MS ? 1 : delay)
  }
}

import { VirtualAction, VirtualTimeScheduler, type SchedulerLike, type Subscription } from 'rxjs'
import { MAX_TIMEOUT_MS } from '../observables/internal/time.ts'

/** Time that passes only when it is told to. */
export interface VirtualTime extends SchedulerLike {
  /** Lets so many ms pass: runs everything that falls due, in order, also what that sets. */
  advance(ms: number): void
  /** The machine sleeps for so many ms: the clock goes on, timers stand still and are late then. */
  sleep(ms: number): void
  /** How many timers are set. */
  readonly pending: number
}

/**
 * A scheduler for tests. It stands at 0 until `advance`. Like a host's, a timer that is longer than 2^31 - 1 ms is due
 * after 1 ms.
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

import { VirtualTimeScheduler, type SchedulerLike } from 'rxjs'

/** Time that passes only when it is told to. */
export interface VirtualTime extends SchedulerLike {
  /** Lets so many ms pass: runs everything that falls due, in order, also what that sets. */
  advance(ms: number): void
  /** How many timers are set. */
  readonly pending: number
}

/**
 * A scheduler for tests. It stands at 0 until `advance`.
 *
 * @example
 * const time = virtualTime()
 * const push = createPushClient({ via: technique, scheduler: time, retry: backoff({ scheduler: time }) })
 * time.advance(30_000)
 */
export function virtualTime(): VirtualTime {
  const scheduler = new VirtualTimeScheduler()
  return {
    now: () => scheduler.now(),
    schedule: scheduler.schedule.bind(scheduler),
    advance(ms) {
      const until = scheduler.frame + ms
      scheduler.maxFrames = until
      scheduler.flush()
      scheduler.frame = until
    },
    get pending() {
      return scheduler.actions.length
    },
  }
}

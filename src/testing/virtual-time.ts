import { VirtualAction, VirtualTimeScheduler } from 'rxjs'

/** A clock that stands still until it is told to move. */
export interface VirtualTime extends VirtualTimeScheduler {
  /** Runs everything that is due within so many ms, in order, and moves the clock there. */
  advance(ms: number): void
  /** How many timers wait. */
  readonly pending: number
}

/**
 * A scheduler on virtual time, to hand to a client: heartbeats, backoff and lingering then take no time at all.
 *
 * @example
 * const time = virtualTime()
 * const push = createPushClient({ via: technique, scheduler: time })
 * time.advance(20_000)
 */
export function virtualTime(): VirtualTime {
  const scheduler = new VirtualTimeScheduler(VirtualAction, 0)
  return Object.defineProperty(
    Object.assign(scheduler, {
      advance(ms: number) {
        scheduler.maxFrames = scheduler.frame + ms
        scheduler.flush()
        scheduler.frame = scheduler.maxFrames
      },
    }),
    'pending',
    { get: () => scheduler.actions.filter(({ closed }) => !closed).length },
  ) as VirtualTime
}

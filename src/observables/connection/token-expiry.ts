import type { SchedulerLike } from 'rxjs'
import { wallTime } from '../internal/time.ts'

/** A token is renewed after this share of the time that is left, and not within the first `LEAST` ms. */
const SHARE = 0.9
const LEAST = 1_000

/**
 * Returns when a token has to be renewed, by the scheduler's clock; undefined: never.
 *
 * @param expires When it expires, by the wall clock, in ms since the epoch.
 */
export function renewalTime(expires: number | undefined, scheduler: SchedulerLike): number | undefined {
  const now = wallTime(scheduler)
  // A token that seems to have expired was issued by another clock. Only the server knows whether it has.
  if (expires === undefined || expires <= now) return undefined
  return scheduler.now() + Math.max(LEAST, (expires - now) * SHARE)
}

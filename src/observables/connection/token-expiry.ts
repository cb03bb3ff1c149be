import type { SchedulerLike } from 'rxjs'
import { wallTime } from '../internal/time.ts'

/** How much of what is left until it expires a token is used for, and the least, in ms. */
const USED = 0.9
const LEAST = 1_000

/** When what expires, in wall time, is to be renewed, by the scheduler's clock; undefined: there is no such time. */
export function renewalTime(expires: number | undefined, scheduler: SchedulerLike): number | undefined {
  const now = wallTime(scheduler)
  // What has expired already is by another clock, and only the server knows.
  if (expires === undefined || expires <= now) return undefined
  return scheduler.now() + Math.max(LEAST, (expires - now) * USED)
}

import type { SchedulerLike } from 'rxjs'

/** How much of what is left until it expires a token is used for, and the least, in ms. */
const USED = 0.9
const LEAST = 1_000

/** When what expires is to be renewed, in ms since the epoch; undefined: there is no such time. */
export function renewal(expires: number | undefined, scheduler: SchedulerLike): number | undefined {
  const now = scheduler.now()
  // What has expired already is by another clock, and only the server knows.
  if (expires === undefined || expires <= now) return undefined
  return now + Math.max(LEAST, (expires - now) * USED)
}

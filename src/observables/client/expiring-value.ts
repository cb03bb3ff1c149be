import type { SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'
import { wallTime } from '../internal/time.ts'

/**
 * The part of a value's lifetime for which it is used. It is shorter than the lifetime, so that a renewal by an early
 * timer gets another value, and none expires on its way.
 */
const USED = 0.8

/** Keeps one value until shortly before it expires. */
export function expiringValue<T>(scheduler: SchedulerLike) {
  let kept: T | undefined
  let until = 0
  return {
    /** The value; undefined: there is none, or it is about to expire. */
    get present() {
      return scheduler.now() < until ? kept : undefined
    },
    /**
     * Keeps a value that expires at `expiresAt`, in ms since the epoch.
     *
     * @throws PushError `prepare-failed` if that is not a number, such as the result of `Date.parse` for an invalid date.
     */
    keep(value: T, expiresAt: number) {
      if (Number(expiresAt) !== expiresAt)
        throw new PushError(
          'prepare-failed',
          DEV && `Request not prepared: \`expiresAt: ${String(expiresAt)}\`. Return ms since the epoch, or omit it.`,
        )
      kept = value
      until = scheduler.now() + (expiresAt - wallTime(scheduler)) * USED
    },
    discard: () => void (kept = undefined),
  }
}

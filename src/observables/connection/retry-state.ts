import type { SchedulerLike } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import type { SourceRetry } from '../events.ts'
import { LONGEST_RETRY_AFTER, delayOf, type RetryPolicy } from './backoff.ts'

/** Failures in a row. */
export interface FailureRow {
  readonly count: number
  /** Counts a failure, and returns how long ago the first one of the row was, in ms. */
  add(): number
  /** Ends the row if a success lasted for the policy's `resetAfter`. `duration` in ms; undefined: there was no success. */
  succeeded(duration: number | undefined): void
  /** Ends the row. */
  reset(): void
}

/** Counts failures in a row. */
export function failureRow({ resetAfter }: RetryPolicy, scheduler: SchedulerLike): FailureRow {
  let count = 0
  let since = 0
  return {
    get count() {
      return count
    },
    add() {
      count += 1
      if (count === 1) since = scheduler.now()
      return scheduler.now() - since
    },
    succeeded(duration) {
      if (duration !== undefined && duration >= resetAfter) count = 0
    },
    reset: () => void (count = 0),
  }
}

/** The least time over which clients spread their reconnects, in ms. */
const LEAST_SPREAD = 250

/** Decides what follows each failure of a channel's connections. */
export interface RetryState {
  /** Failures in a row. */
  readonly count: number
  /** The server requested a delay, or a spread. */
  requested(event: SourceRetry): void
  /** A connection was closed on purpose. `uptime`: how long it was open, in ms. */
  succeeded(uptime: number | undefined): void
  /** Returns the delay before the next attempt in ms, or the error to fail with. `uptime`: how long the connection was open, in ms. */
  failed(error: PushError, uptime: number | undefined): number | PushError
}

/** What limits the retries, beside the policy. */
export interface RetryLimits {
  /** The least delay now, in ms. @default 0 */
  minDelay?: (() => number) | undefined
  /** Returns whether the failed request was sent, and must not be sent again. @default it may */
  isSentOnce?: () => boolean
}

/**
 * Applies a policy to failures in a row. A connection that was open for the policy's `resetAfter` ends the row.
 *
 * The delay is the policy's, or `minDelay` if that is more, added to the server's. A rejected user is retried at once, once in
 * a row, if another token may help.
 *
 * @param prepares Returns whether another token may help after this rejection of the user.
 */
export function retryState(
  policy: RetryPolicy,
  scheduler: SchedulerLike,
  prepares: (error: PushError) => boolean,
  { minDelay = () => 0, isSentOnce = () => false }: RetryLimits = {},
): RetryState {
  const failures = failureRow(policy, scheduler)
  let prepared = false
  let serverDelay = 0
  let spread: number | undefined
  /** The failures in a row when the server requested it. */
  let before = 0

  return {
    get count() {
      return failures.count
    },
    requested(event) {
      serverDelay = event.delay ?? serverDelay
      if (event.spread === undefined) return
      // A server cannot request a tight loop, or an endless wait.
      spread = Math.min(LONGEST_RETRY_AFTER, Math.max(LEAST_SPREAD, event.spread))
      before = failures.count
    },
    succeeded: failures.succeeded,
    failed(error, uptime) {
      failures.succeeded(uptime)
      const elapsed = failures.add()
      const { count } = failures
      if (count === 1) prepared = false
      if (error.code === 'unauthorized' && prepares(error) && !prepared) {
        prepared = true
        return 0
      }
      if (!error.retryable) return error
      if (error.code !== 'connection-limit' && isSentOnce()) return notRepeated(error)
      if (count <= before) before = 0
      const pace = spread === undefined ? undefined : { spread, failures: count - before }
      const delay = delayOf(policy, count, error, elapsed, pace)
      if (delay === undefined) return exhausted(error, count, elapsed)
      if (typeof delay !== 'number') return delay
      if (error.immediate) return 0
      return Math.max(delay, minDelay()) + Math.min(LONGEST_RETRY_AFTER, Math.max(error.retryAfter ?? 0, serverDelay))
    },
  }
}

/** The error of a request that is not sent again, and what to do. */
const notRepeated = (cause: PushError): PushError =>
  new PushError(
    cause.code,
    DEV &&
      `${cause.message.replace(' The client reconnects.', '')} The request is not sent again by itself: call reconnect() to send it again.`,
    { ...cause, cause },
  )

const exhausted = (cause: PushError, count: number, elapsed: number) =>
  new PushError(
    'retries-exhausted',
    DEV &&
      `Retries exhausted: failure ${count} in a row, ${elapsed} ms after the first. Call reconnect() to try again. The last failure: ${cause.message}`,
    { cause },
  )

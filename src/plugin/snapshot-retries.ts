import type { SchedulerLike } from 'rxjs'
import { PushError, type RetryPolicy } from '../observables/index.ts'
import { delayOf } from '../observables/connection/backoff.ts'
import { DEV } from '../observables/internal/dev.ts'

/** Decides when a snapshot is loaded again. */
export interface SnapshotRetries {
  /**
   * Returns the delay before the next load in ms, or the error to give up with.
   *
   * @param error Why the last snapshot is of no use. @default a gap
   */
  delay(error?: PushError): number | PushError
  /** A snapshot was loaded. If it stays in use for the policy's `resetAfter`, the next failure is the first again. */
  loaded(): void
  /** The next failure is the first again. */
  reset(): void
}

/**
 * Counts failures and gaps in a row. A single gap is no failure: its snapshot is loaded at once. The next ones wait as the
 * policy decides, so that a server that emits gap after gap does not cause a load for each of them.
 */
export function snapshotRetries(policy: RetryPolicy, scheduler: SchedulerLike): SnapshotRetries {
  let count = 0
  let since = 0
  let loadedAt: number | undefined
  return {
    delay(error) {
      const now = scheduler.now()
      if (loadedAt !== undefined && now - loadedAt >= policy.resetAfter) count = 0
      loadedAt = undefined
      if (count === 0) since = now
      count += 1
      if (!error && count === 1) return 0
      return delayOf(policy, error ? count : count - 1, error, now - since) ?? error ?? tooManyGaps()
    },
    loaded: () => void (loadedAt = scheduler.now()),
    reset: () => void (count = 0),
  }
}

const tooManyGaps = () =>
  new PushError(
    'retries-exhausted',
    DEV && 'The retry policy gave up: gaps follow too fast. Call refresh() to load a snapshot.',
  )

import type { SchedulerLike } from 'rxjs'
import { PushError, type RetryPolicy } from '../observables/index.ts'
import { delayOf } from '../observables/connection/backoff.ts'
import { failureRow } from '../observables/connection/retry-state.ts'
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
 * Counts failures and gaps in a row. A single gap is not a failure: its snapshot is loaded at once. The next ones wait as the
 * policy decides, so that a server that emits gap after gap does not cause a load for each of them.
 */
export function snapshotRetries(policy: RetryPolicy, scheduler: SchedulerLike): SnapshotRetries {
  const failures = failureRow(policy, scheduler)
  let loadedAt: number | undefined
  return {
    delay(error) {
      failures.succeeded(loadedAt === undefined ? undefined : scheduler.now() - loadedAt)
      loadedAt = undefined
      const elapsed = failures.add()
      const { count } = failures
      if (!error && count === 1) return 0
      return delayOf(policy, error ? count : count - 1, error, elapsed) ?? error ?? tooManyGaps()
    },
    loaded: () => void (loadedAt = scheduler.now()),
    reset: failures.reset,
  }
}

const tooManyGaps = () =>
  new PushError(
    'retries-exhausted',
    DEV && 'The retry policy gave up: gaps follow too fast. Call refresh() to load a snapshot.',
  )

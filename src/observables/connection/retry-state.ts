import type { SchedulerLike } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { LONGEST_RETRY_AFTER, delayOf, type RetryPolicy } from './backoff.ts'

/** Failures in a row, and what follows each. */
export interface Setbacks {
  readonly count: number
  /** The server asks for at least this long between attempts, in ms. */
  ask(delay: number): void
  /** A connection ended that had been open for so long, in ms: the row ends where that is long enough. */
  stood(openFor: number | undefined): void
  /** A connection failed that had stood for so long, in ms: how long to wait, in ms, or why not to try again. */
  after(error: PushError, stood: number | undefined): number | PushError
}

/**
 * Counts failures. A row of them ends with a connection that stood for the policy's `resetAfter`. What the server asked
 * for is the least wait, and the policy's delay, or `minDelay` where that is more, is added. A refusal of who asks is answered at once, once in a row, where
 * `prepareRequest` may give something else.
 */
export function retryState(
  policy: RetryPolicy,
  scheduler: SchedulerLike,
  prepares: boolean,
  minDelay: () => number = () => 0,
): Setbacks {
  let count = 0
  let since = 0
  let renewed = false
  let asked = 0

  const stood = (openFor: number | undefined) => {
    if (openFor === undefined || openFor < policy.resetAfter) return
    count = 0
    renewed = false
  }

  return {
    get count() {
      return count
    },
    ask: (delay) => void (asked = delay),
    stood,
    after(error, openFor) {
      stood(openFor)
      count += 1
      if (count === 1) since = scheduler.now()
      // What is refused to who asks may have expired, a token say: `prepareRequest` may mend that.
      if (prepares && error.code === 'unauthorized' && !renewed) {
        renewed = true
        return 0
      }
      if (!error.retryable) return error
      const elapsed = scheduler.now() - since
      const delay = delayOf(policy, count, error, elapsed)
      if (delay === undefined) {
        const said = DEV && `gave up after ${count} failures in ${elapsed} ms: ${error.message}`
        return new PushError('retries-exhausted', said, { cause: error })
      }
      if (typeof delay !== 'number') return delay
      if (error.immediate) return 0
      return Math.max(delay, minDelay()) + Math.min(LONGEST_RETRY_AFTER, Math.max(error.retryAfter ?? 0, asked))
    },
  }
}

import { throwError, type Observable, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { checkNumbers, checkUnknown } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { errorMessage } from '../internal/redact-url.ts'
import { after, hostScheduler } from '../internal/time.ts'

/** The longest delay that a server may request (`Retry-After`, SSE `retry:`), in ms: one day. */
export const LONGEST_RETRY_AFTER = 86_400_000

/**
 * Returns the delay of a policy, in ms, or undefined if it gives up. A user's policy that throws or returns an invalid
 * delay is an `invalid-option`.
 */
export function delayOf(
  policy: RetryPolicy,
  ...row: [failures: number, error: PushError | undefined, elapsed: number, pace?: Pace | undefined]
): number | undefined | PushError {
  const invalid = (failure: string | false, cause: unknown) =>
    new PushError(
      'invalid-option',
      DEV && failure && `Invalid option \`retry\`: \`nextDelay\` ${failure}. Let it return 0 or more, or undefined.`,
      { cause },
    )
  try {
    const delay: unknown = policy.nextDelay(...row)
    if (delay === undefined || (typeof delay === 'number' && delay >= 0)) return delay
    return invalid(DEV && `returned "${String(delay)}"`, row[1])
  } catch (cause) {
    return invalid(DEV && `threw "${errorMessage(cause)}"`, cause)
  }
}

/** The factor by which the limit of the delay grows with each failure if the server requested a spread. */
const PACED = 1.3

export interface BackoffOptions {
  /** The upper limit of the first delay, in ms. @default 500 */
  initialDelay?: number
  /**
   * The factor by which the limit of the delay grows with each failure. `Infinity` raises it to `maxDelay` at the
   * second one. After `connection-lost` it is at most 2. @default Infinity
   */
  multiplier?: number
  /** The upper limit of every delay, in ms. @default 30_000 */
  maxDelay?: number
  /** The number of failures in a row after which it gives up. @default Infinity */
  maxRetries?: number
  /** The duration of failures in a row after which it gives up, in ms. @default Infinity */
  maxElapsedTime?: number
  /** A connection that was open for this long, in ms, resets the count of failures. @default 10_000 */
  resetAfter?: number
  /** Returns a number from 0 up to 1. @default Math.random */
  random?: () => number
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
}

/** The time over which a server requests its clients to reconnect after it is lost. */
export interface Pace {
  /** The time over which the clients spread their reconnects, in ms. */
  readonly spread: number
  /** The failures in a row since the server requested it. */
  readonly failures: number
}

/** Decides when to retry. As a function it works with RxJS's own `retry({ delay })`. */
export interface RetryPolicy {
  /** Emits once when the next attempt is due. Errors if a retry cannot help. */
  (error: unknown, failures: number): Observable<unknown>
  /**
   * Returns the delay before the next attempt, in ms, or undefined to give up. `failures` counts the failures in a row,
   * and the first of them was `elapsed` ms ago. `pace`: what the server requested, if it did.
   */
  nextDelay(failures: number, error?: PushError, elapsed?: number, pace?: Pace | undefined): number | undefined
  /** How long a connection has to be open to reset the count of failures, in ms. */
  readonly resetAfter: number
}

/**
 * Creates a retry policy with random delays that spread the retries of many clients.
 *
 * - The first delay is random, up to `initialDelay`, because most failures affect one connection only.
 * - If the first retry also fails, assume an outage that affects every client. The second delay is up to two thirds of
 *   `maxDelay`, which spreads the clients. Each later one is in the last third, which keeps them spread.
 * - After a connection that opened and was lost (`connection-lost`), the limit doubles with each failure.
 * - If the server requested a time over which its clients reconnect, as the hub does, the first delay is up to that time.
 *   Each later limit is 1.3 times the one before, and the delay is in its second half.
 *
 * The clients that return in one second are then at most 1.5 times as many as with an even spread over `maxDelay`, for
 * any outage. `npm run bench:storm` simulates it. It cannot spread the first retries of clients that a server
 * disconnects all at once. If these are too many, set `initialDelay` to `maxDelay`. A finite `multiplier` raises the
 * limit step by step: all clients return sooner after a short outage.
 *
 * It gives up after `maxRetries` failures in a row, or after `maxElapsedTime` of failures. In RxJS's own `retry`, a
 * policy with a `maxElapsedTime` serves one subscription at a time.
 *
 * @throws PushError `invalid-option` if a number is out of its range or an option is unknown.
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 * @example createPushClient({ technique: sse(), retry: backoff({ initialDelay: 250, maxDelay: 10_000 }) })
 * @example sse().connect(request).pipe(retry({ delay: backoff({ maxRetries: 5 }) }))
 */
export function backoff({
  initialDelay = 500,
  multiplier = Infinity,
  maxDelay = 30_000,
  maxRetries = Infinity,
  maxElapsedTime = Infinity,
  resetAfter = 10_000,
  random = Math.random,
  scheduler = hostScheduler,
  ...unknown
}: BackoffOptions = {}): RetryPolicy {
  if (process.env.NODE_ENV !== 'production') checkUnknown('backoff', Object.keys(unknown))
  checkNumbers('backoff', { initialDelay, multiplier }, 1)
  checkNumbers('backoff', { maxDelay }, initialDelay)
  checkNumbers('backoff', { maxRetries, maxElapsedTime, resetAfter })
  const delay = (failures: number, error?: PushError, elapsed = 0, pace?: Pace): number | undefined => {
    if (failures > maxRetries || elapsed >= maxElapsedTime) return undefined
    if (pace) {
      const limit = Math.max(pace.spread, Math.min(maxDelay, pace.spread * PACED ** (pace.failures - 1)))
      return pace.failures === 1 ? random() * limit : (limit / 2) * (1 + random())
    }
    // A connection that opened shows that the server is there, so growing step by step spreads the clients enough.
    const growth = error?.code === 'connection-lost' ? Math.min(multiplier, 2) : multiplier
    const limit = (failure: number): number => initialDelay * growth ** (failure - 1)
    const drawn = random()
    if (limit(failures) < maxDelay) return drawn * limit(failures)
    const spread = failures > 1 && limit(failures - 1) >= maxDelay
    return (maxDelay / 3) * (spread ? 2 + drawn : 2 * drawn)
  }

  let since = 0
  const notifier = (error: unknown, failures: number): Observable<unknown> => {
    const known = error instanceof PushError ? error : undefined
    if (failures === 1) since = scheduler.now()
    const wait = known?.retryable === false ? undefined : delay(failures, known, scheduler.now() - since)
    if (wait === undefined) return throwError(() => error)
    return after(wait + Math.min(LONGEST_RETRY_AFTER, known?.retryAfter ?? 0), scheduler)
  }
  return Object.assign(notifier, { nextDelay: delay, resetAfter })
}

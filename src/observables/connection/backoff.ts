import { throwError, type Observable, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { checkNumbers, checkUnknown } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { errorMessage } from '../internal/redact-url.ts'
import { after, hostScheduler } from '../internal/time.ts'

/** The longest time that a server may ask to be left alone for (`Retry-After`, SSE `retry:`), in ms: a day. */
export const LONGEST_RETRY_AFTER = 86_400_000

/**
 * The delay that a policy gives, in ms, or undefined where it gives up. A policy of the user's own that throws, or returns
 * no delay, is an `invalid-option`.
 */
export function delayOf(
  policy: RetryPolicy,
  ...row: [failures: number, error: PushError | undefined, elapsed: number]
): number | undefined | PushError {
  const wrong = (said: string, cause: unknown) =>
    new PushError(
      'invalid-option',
      DEV && `The retry policy ${said}. Let \`nextDelay\` return 0 or more, or undefined.`,
      {
        cause,
      },
    )
  try {
    const delay: unknown = policy.nextDelay(...row)
    if (delay === undefined || (typeof delay === 'number' && delay >= 0)) return delay
    return wrong(`gave a delay of ${String(delay)} ms`, row[1])
  } catch (cause) {
    return wrong(`failed: ${errorMessage(cause)}`, cause)
  }
}

export interface BackoffOptions {
  /** The longest first delay, in ms. @default 500 */
  initialDelay?: number
  /**
   * What the longest delay grows by with each failure; `Infinity`: to `maxDelay` with the second. After what opened and
   * broke again it is 2 at most. @default Infinity
   */
  multiplier?: number
  /** The longest delay of all, in ms. @default 30_000 */
  maxDelay?: number
  /** Attempts after which it gives up. @default Infinity */
  maxRetries?: number
  /** How long failures in a row may go on before it gives up, in ms. @default Infinity */
  maxElapsedTime?: number
  /** A connection that stood for this long, in ms, counts as success: the next failure is the first again. @default 10_000 */
  resetAfter?: number
  /** From 0 up to 1. @default Math.random */
  random?: () => number
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
}

/** When to try again. As a function it fits RxJS's own `retry({ delay })`. */
export interface RetryPolicy {
  /** Emits once when the next attempt is due; errors with what cannot be mended by waiting. */
  (error: unknown, failures: number): Observable<unknown>
  /**
   * The delay, in ms, after so many failures in a row (1 is the first), of which the first was `elapsed` ms ago;
   * undefined: give up.
   */
  nextDelay(failures: number, error?: PushError, elapsed?: number): number | undefined
  /** In ms. */
  readonly resetAfter: number
}

/**
 * Waits that suit one user and a million. Most losses are one link's own, so the first delay is short: drawn evenly
 * from nothing up to `initialDelay`. Where that attempt fails too, it may be the server, and everybody lost it at once:
 * the next delay is drawn from nothing up to two thirds of `maxDelay`, which spreads clients out, and each later one from
 * the last third, which keeps them so. What opened and broke again (`connection-lost`) waits step by step, twice as long
 * each time. However long a server was away, those that return to it are then at most 1.5 times as many a second as if
 * they came spread evenly over `maxDelay`; `npm run bench:storm` plays it.
 *
 * What this cannot spread is the first attempts, within `initialDelay`, after a loss that was over at once: no client can
 * know whether it is alone. Where that is too many, let `initialDelay` be `maxDelay`. With a `multiplier` the limit grows
 * step by step, which brings one user back sooner after an outage of seconds, and everybody else too.
 *
 * It gives up after `maxRetries` failures in a row, or when they went on for `maxElapsedTime`. In RxJS's own `retry` a
 * policy with a `maxElapsedTime` serves one subscription at a time.
 *
 * @throws PushError `invalid-option` where a number is out of its range.
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
  if (process.env.NODE_ENV !== 'production') checkUnknown('backoff', unknown)
  checkNumbers('backoff', { initialDelay, multiplier }, 1)
  checkNumbers('backoff', { maxDelay }, initialDelay)
  checkNumbers('backoff', { maxRetries, maxElapsedTime, resetAfter })
  const delay = (failures: number, error?: PushError, elapsed = 0): number | undefined => {
    if (failures > maxRetries || elapsed >= maxElapsedTime) return undefined
    // What opened before it broke says that the server is there, so that step by step is spread enough.
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

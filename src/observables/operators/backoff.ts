import { asyncScheduler, throwError, timer, type Observable, type SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import { DEV } from '../dev.ts'

export interface BackoffOptions {
  /** The longest first delay, in ms. @default 500 */
  base?: number
  /** What the longest delay grows by with each failure. @default 2 */
  factor?: number
  /** The longest delay of all, in ms. @default 30_000 */
  max?: number
  /** Attempts after which it gives up. @default Infinity */
  tries?: number
  /** A connection that stood for this long, in ms, counts as success: the next failure is the first again. @default 10_000 */
  resetAfter?: number
  /** From 0 up to 1. @default Math.random */
  random?: () => number
  /** @default asyncScheduler */
  scheduler?: SchedulerLike
}

/** When to try again. As a function it fits RxJS's own `retry({ delay })`. */
export interface RetryPolicy {
  /** Emits once when the next attempt is due; errors with what cannot be mended by waiting. */
  (error: unknown, failures: number): Observable<unknown>
  /** The delay, in ms, after so many failures in a row (1 is the first); undefined: give up. */
  delay(failures: number, error?: PushError): number | undefined
  /** In ms. */
  readonly resetAfter: number
}

/**
 * Exponential backoff with full jitter: each delay is drawn evenly from nothing up to a limit that grows to `max`. The
 * draw is made after the clamp, so that clients that all lost one server stay spread out however long it is away.
 *
 * @throws PushError `invalid-option` where a number is out of its range.
 * @see https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 * @example createPushClient({ via: sse(), retry: backoff({ base: 250, max: 10_000 }) })
 * @example sse().connect(request).pipe(retry({ delay: backoff({ tries: 5 }) }))
 */
export function backoff({
  base = 500,
  factor = 2,
  max = 30_000,
  tries = Infinity,
  resetAfter = 10_000,
  random = Math.random,
  scheduler = asyncScheduler,
}: BackoffOptions = {}): RetryPolicy {
  if (!(base > 0 && factor >= 1 && max >= base && tries >= 0 && resetAfter >= 0)) {
    throw new PushError(
      'invalid-option',
      DEV && 'backoff needs 0 < base <= max, factor >= 1, tries >= 0, resetAfter >= 0',
    )
  }
  const delay = (failures: number): number | undefined =>
    failures > tries ? undefined : random() * Math.min(max, base * factor ** (failures - 1))

  const notifier = (error: unknown, failures: number): Observable<unknown> => {
    const { retryable, retryAfter = 0 } = error instanceof PushError ? error : { retryable: true }
    const wait = retryable ? delay(failures) : undefined
    return wait === undefined ? throwError(() => error) : timer(Math.max(wait, retryAfter), scheduler)
  }
  return Object.assign(notifier, { delay, resetAfter })
}

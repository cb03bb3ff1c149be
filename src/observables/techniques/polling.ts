import { checkNumbers } from '../internal/check-options.ts'
import { recordOptions } from '../internal/equal-options.ts'
import type { PollResult } from './one-poll.ts'
import { pollLoop } from './poll-loop.ts'
import type { Technique } from './technique.ts'

const NAME = 'polling'

export interface PollingOptions {
  /** The shortest time between two polls, in ms, used while messages arrive. @default 1000 */
  minInterval?: number
  /** The longest time between two polls, in ms, reached while nothing arrives. @default 30_000 */
  maxInterval?: number
  /** The factor by which the interval grows after each response without a message. @default 1.5 */
  backoffFactor?: number
}

/**
 * Receives by polling: one request at a time, at an interval between `minInterval` and `maxInterval` that adapts to the
 * traffic.
 *
 * The server responds at once, with all messages since the cursor of the request, or with 304 if there are none (or 204
 * with `standard()`). A hidden page polls no more often than the client's `lifecycle` allows.
 *
 * Messages are up to one interval late, and idle channels cost requests. It works through every proxy.
 *
 * Errors with `unexpected-response` if a response is not of the backend.
 *
 * @throws PushError `invalid-option` if a number is below one, or `maxInterval` is below `minInterval`.
 * @see RFC 9110 section 13, conditional requests
 * @example createPushClient({ technique: polling({ minInterval: 500 }), backend: nchan() })
 */
export function polling({
  minInterval = 1_000,
  maxInterval = Math.max(30_000, minInterval),
  backoffFactor = 1.5,
}: PollingOptions = {}): Technique {
  checkNumbers('polling', { minInterval, backoffFactor }, 1)
  checkNumbers('polling', { maxInterval }, minInterval)
  const interval = ({ useful, more }: PollResult, previous: number): number => {
    if (useful) return more ? 0 : minInterval
    return Math.min(maxInterval, Math.max(minInterval, previous) * backoffFactor)
  }
  return recordOptions(polling, [minInterval, maxInterval, backoffFactor], {
    name: NAME,
    isSupported: () => typeof fetch === 'function',
    sendsHeaders: true,
    connect: (request) => pollLoop({ technique: NAME, request, waits: false, interval }),
  })
}

import { pollLoop } from './poll-loop.ts'
import { checkNumbers } from '../internal/check-options.ts'
import type { Technique } from './technique.ts'
import { recordOptions } from '../internal/equal-options.ts'

export interface PollingOptions {
  /** Shortest interval between two requests, in ms: used while messages come. @default 1000 */
  minInterval?: number
  /** Longest interval, in ms: reached while nothing comes. @default 30_000 */
  maxInterval?: number
  /** What the interval grows by after each answer that brought nothing. @default 1.5 */
  backoffFactor?: number
}

/**
 * Ask, again and again. Conditional (a 304 has no body), one request at a time, every message since the last answer
 * in one answer, at an interval that adapts between `minInterval` and `maxInterval` to what comes.
 *
 * Price: latency up to the interval, and answers that bring nothing. Passes every proxy.
 *
 * @throws PushError `invalid-option` where a number is below one, or `maxInterval` below `minInterval`.
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
  const technique = 'polling'
  return recordOptions(polling, [minInterval, maxInterval, backoffFactor], {
    name: technique,
    isSupported: () => typeof fetch === 'function',
    connect(request) {
      let interval = minInterval
      return pollLoop({
        technique,
        request,
        waits: false,
        pause({ useful, more }) {
          interval = useful ? minInterval : Math.min(maxInterval, interval * backoffFactor)
          return useful && more ? 0 : interval
        },
      })
    },
  })
}

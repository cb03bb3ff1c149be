import { pollCycle } from './poll-loop.ts'
import { checkNumbers } from '../internal/check-numbers.ts'
import type { Technique } from './technique.ts'
import { madeOf } from '../internal/equal-options.ts'

export interface PollingOptions {
  /** Shortest interval between two requests, in ms: used while messages come. @default 1000 */
  floor?: number
  /** Longest interval, in ms: reached while nothing comes. @default 30_000 */
  ceiling?: number
  /** What the interval grows by after each answer that brought nothing. @default 1.5 */
  growth?: number
}

/**
 * Ask, again and again. Conditional (a 304 has no body), one request at a time, every message since the last answer
 * in one answer, at an interval that adapts between `floor` and `ceiling` to what comes.
 *
 * Price: latency up to the interval, and answers that bring nothing. Passes every proxy.
 *
 * @throws PushError `invalid-option` where a number is below one, or `ceiling` below `floor`.
 * @see RFC 9110 section 13, conditional requests
 * @example createPushClient({ via: polling({ floor: 500 }), dialect: nchan() })
 */
export function polling({
  floor = 1_000,
  ceiling = Math.max(30_000, floor),
  growth = 1.5,
}: PollingOptions = {}): Technique {
  checkNumbers('polling', { floor, growth }, 1)
  checkNumbers('polling', { ceiling }, floor)
  const technique = 'polling'
  return madeOf(polling, [floor, ceiling, growth], {
    name: technique,
    isSupported: () => typeof fetch === 'function',
    connect(request) {
      let interval = floor
      return pollCycle({
        technique,
        request,
        waits: false,
        pause({ useful, more }) {
          interval = useful ? floor : Math.min(ceiling, interval * growth)
          return useful && more ? 0 : interval
        },
      })
    },
  })
}

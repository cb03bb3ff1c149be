import { pollLoop } from './poll-loop.ts'
import type { Technique } from './technique.ts'
import { recordOptions } from '../internal/equal-options.ts'

/** Requests whose answers bring nothing begin at least this far apart, in ms. */
const SPACING = 600

/** A request that stood this long unrefused is presumed open, in ms. */
const PRESUMED = 1_000

/**
 * Ask, and let the server answer when it has something. One request in flight, each with the cursor of the answer
 * before it, so that nothing is lost or repeated in between. Answers that bring nothing new are spaced out: a server
 * that answers at once and empty is asked no more than twice a second.
 *
 * Price: a request for each batch of messages. Passes every proxy that holds a request for some seconds.
 *
 * @see RFC 6202, long polling
 * @example createPushClient({ technique: longPolling(), backend: nchan() })
 */
export function longPolling(): Technique {
  const technique = 'longPolling'
  return recordOptions(longPolling, [], {
    name: technique,
    isSupported: () => typeof fetch === 'function',
    connect: (request) =>
      pollLoop({
        technique,
        request,
        waits: true,
        presumeAfter: PRESUMED,
        pause: ({ useful, took }) => (useful ? 0 : Math.max(0, SPACING - took)),
      }),
  })
}

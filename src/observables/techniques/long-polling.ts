import { recordOptions } from '../internal/equal-options.ts'
import { pollLoop } from './poll-loop.ts'
import type { PollResult } from './one-poll.ts'
import type { Technique } from './technique.ts'

const NAME = 'longPolling'

/** The least time between the starts of two requests whose responses bring nothing, in ms. */
const MIN_EMPTY_INTERVAL = 600

/** How long the first request waits before the connection is presumed open, in ms. */
const PRESUME_OPEN_AFTER = 1_000

/**
 * Receives by long polling: each request waits at the server until there is a message, and has the cursor of the response
 * before it.
 *
 * The server responds with messages as soon as it has some, and with 304 (or 408, or 204 with `standard()`) if a request
 * times out. One request is open at a time. After a response without messages, the next request starts at least 600 ms
 * after the one before. After 1 s without a response the channel is `open`, with `unconfirmed: true`.
 *
 * Each batch of messages costs one request. It works through every proxy that lets a request wait for some seconds.
 *
 * Errors with `connection-limit` if too few connections to the origin would be left, and with `unexpected-response` if a
 * response is not of the backend.
 *
 * @see RFC 6202 section 2
 * @example createPushClient({ technique: longPolling(), backend: nchan() })
 */
export function longPolling(): Technique {
  return recordOptions(longPolling, [], {
    name: NAME,
    isSupported: () => typeof fetch === 'function',
    sendsHeaders: true,
    connect: (request) =>
      pollLoop({ technique: NAME, request, waits: true, presumeOpenAfter: PRESUME_OPEN_AFTER, interval }),
  })
}

const interval = ({ useful, duration }: PollResult): number => (useful ? 0 : Math.max(0, MIN_EMPTY_INTERVAL - duration))

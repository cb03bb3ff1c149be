import type { Refusal } from '../http/http-errors.ts'

export interface LimitOptions {
  /** Requests and WebSockets at a time. The response to another one is 503. @default 10_000 */
  maxConnections?: number
  /**
   * Requests and WebSockets of one address at a time. The response to another one is 429. IPv6 addresses of one /64 count
   * as one address.
   * @default 1_000
   */
  maxConnectionsPerAddress?: number
  /** Channels that all sessions have subscribed at a time. Another subscription is rejected with 503. @default 1_000_000 */
  maxSubscriptions?: number
  /**
   * Channels that the sessions of one address have subscribed at a time. Another subscription is rejected with 429.
   * @default 100_000
   */
  maxSubscriptionsPerAddress?: number
  /**
   * Messages per second that one address may publish, and messages in one burst. The response to another one is 429.
   * @default 1_000
   */
  maxPublishRate?: number
  /**
   * Reconnects per second that the hub can accept after a restart. The clients of sessions spread their reconnects over the
   * time that follows from this rate, and at least over 250 ms.
   * @default 1_000
   */
  maxReconnectRate?: number
}

/** Counts connections and publications of each address. */
export interface Limits {
  /** Counts a connection until the returned function is called, or returns a refusal. */
  enter(address: string): Refusal | (() => void)
  /** Counts a subscription of a session until the returned function is called, or returns a refusal. */
  subscribe(address: string): Refusal | (() => void)
  /** Counts a publication, or returns a refusal. */
  publish(address: string): Refusal | undefined
  /** Forgets addresses that have not published lately. */
  prune(): void
  readonly connections: number
  /** Over which time clients should spread their return, in ms. */
  readonly spread: number
}

/** The least time over which clients spread their return, in ms. */
const LEAST_SPREAD = 250

/** Counts what addresses have at a time. */
function createCounter(what: string, max: number, maxPerAddress: number) {
  const present = new Map<string, number>()
  let all = 0
  return {
    enter(address: string): Refusal | (() => void) {
      const own = present.get(address) ?? 0
      if (own >= maxPerAddress) return busy(429, `Too many ${what}: this address has ${own}. Close some.`)
      if (all >= max) return busy(503, `Too many ${what}: the hub has ${all}. Try again later.`)
      present.set(address, own + 1)
      all += 1
      return () => {
        all -= 1
        const left = (present.get(address) ?? 1) - 1
        if (left > 0) present.set(address, left)
        else present.delete(address)
      }
    },
    get all() {
      return all
    },
  }
}

export function createLimits(
  {
    maxConnections = 10_000,
    maxConnectionsPerAddress = 1_000,
    maxSubscriptions = 1_000_000,
    maxSubscriptionsPerAddress = 100_000,
    maxPublishRate = 1_000,
    maxReconnectRate = 1_000,
  }: LimitOptions,
  now: () => number,
): Limits {
  const connections = createCounter('connections', maxConnections, maxConnectionsPerAddress)
  const subscriptions = createCounter('subscriptions', maxSubscriptions, maxSubscriptionsPerAddress)
  // A token bucket for each publishing address, with its tokens at the time `at`.
  const buckets = new Map<string, { tokens: number; at: number }>()

  const filled = ({ tokens, at }: { tokens: number; at: number }) =>
    Math.min(maxPublishRate, tokens + (Math.max(0, now() - at) * maxPublishRate) / 1_000)

  return {
    enter: connections.enter,
    subscribe: subscriptions.enter,

    publish(address) {
      const tokens = filled(buckets.get(address) ?? { tokens: maxPublishRate, at: now() })
      if (tokens < 1)
        return busy(
          429,
          `Message not published: an address may publish ${maxPublishRate} messages per second. Send fewer.`,
        )
      buckets.set(address, { tokens: tokens - 1, at: now() })
      return undefined
    },

    prune() {
      for (const [address, bucket] of buckets) if (filled(bucket) >= maxPublishRate) buckets.delete(address)
    },

    get connections() {
      return connections.all
    },
    get spread() {
      return Math.max(LEAST_SPREAD, Math.ceil((connections.all * 1_000) / maxReconnectRate))
    },
  }
}

const busy = (status: number, message: string): Refusal => ({ status, message, headers: { 'Retry-After': 1 } })

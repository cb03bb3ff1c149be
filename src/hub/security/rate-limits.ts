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
  /**
   * Messages per second that one address may publish, and messages in one burst. The response to another one is 429.
   * @default 1_000
   */
  maxPublishRate?: number
}

/** Counts connections and publications of each address. */
export interface Limits {
  /** Counts a connection until the returned function is called, or returns a refusal. */
  enter(address: string): Refusal | (() => void)
  /** Counts a publication, or returns a refusal. */
  publish(address: string): Refusal | undefined
  /** Forgets addresses that have not published lately. */
  prune(): void
  readonly connections: number
}

export function createLimits(
  { maxConnections = 10_000, maxConnectionsPerAddress = 1_000, maxPublishRate = 1_000 }: LimitOptions,
  now: () => number,
): Limits {
  const present = new Map<string, number>()
  // A token bucket for each publishing address, with its tokens at the time `at`.
  const buckets = new Map<string, { tokens: number; at: number }>()
  let connections = 0

  const filled = ({ tokens, at }: { tokens: number; at: number }) =>
    Math.min(maxPublishRate, tokens + (Math.max(0, now() - at) * maxPublishRate) / 1_000)

  return {
    enter(address) {
      const own = present.get(address) ?? 0
      if (own >= maxConnectionsPerAddress)
        return busy(429, `Too many connections: this address has ${own}. Close some.`)
      if (connections >= maxConnections)
        return busy(503, `Too many connections: the hub has ${connections}. Reconnect later.`)
      present.set(address, own + 1)
      connections += 1
      return () => {
        connections -= 1
        const left = (present.get(address) ?? 1) - 1
        if (left > 0) present.set(address, left)
        else present.delete(address)
      }
    },

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
      return connections
    },
  }
}

const busy = (status: number, message: string): Refusal => ({ status, message, headers: { 'Retry-After': 1 } })

import type { Refusal } from '../http/http-errors.ts'

export interface LimitOptions {
  /** Requests and WebSockets at one time, in all; one more is answered 503. @default 10_000 */
  maxConnections?: number
  /** The same for each address; one more is answered 429. @default 1_000 */
  maxConnectionsPerAddress?: number
  /** Messages a second that one address may publish, and at once; one more is answered 429. @default 1_000 */
  maxPublishRate?: number
}

/** How much each may have of the hub. */
export interface Limits {
  /** Lets a connection in until the function that comes back is called; or says why not. */
  enter(address: string): Refusal | (() => void)
  /** Why this address may not publish now, or undefined. */
  publish(address: string): Refusal | undefined
  /** Forgets who has been quiet. */
  prune(): void
  readonly connections: number
}

export function createLimits(
  { maxConnections = 10_000, maxConnectionsPerAddress = 1_000, maxPublishRate = 1_000 }: LimitOptions,
  now: () => number,
): Limits {
  const present = new Map<string, number>()
  // A bucket for each publisher that fills at the rate; `tokens` as of `at`.
  const buckets = new Map<string, { tokens: number; at: number }>()
  let connections = 0

  const filled = ({ tokens, at }: { tokens: number; at: number }) =>
    Math.min(maxPublishRate, tokens + (Math.max(0, now() - at) * maxPublishRate) / 1_000)

  return {
    enter(address) {
      const own = present.get(address) ?? 0
      if (own >= maxConnectionsPerAddress) return busy(429, `${own} connections from one address are enough`)
      if (connections >= maxConnections) return busy(503, `the hub has ${connections} connections, and takes no more`)
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
      if (tokens < 1) return busy(429, `an address may publish ${maxPublishRate} messages a second`)
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

const busy = (status: number, line: string): Refusal => ({ status, line, headers: { 'Retry-After': 1 } })

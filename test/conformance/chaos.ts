import { expect } from 'vitest'
import { backoff } from 'pinia-push/observables'
import type { ServerKind } from '../servers/control-client.ts'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import { figuresOf, inWords } from './figures.ts'
import type { Row } from './rows.ts'

/** How many messages are sent, and how many cuts they need at least. Nchan sends one message per poll. */
const TIMES = {
  hub: { count: 2_000, cuts: 50 },
  nchan: { count: 500, cuts: 10 },
  'nchan-redis': { count: 500, cuts: 10 },
} satisfies Record<ServerKind, unknown>

/** Numbered messages that are long enough for a cut to fall into one. */
const numbered = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ data: JSON.stringify({ n, padding: 'é😀'.repeat(20) }) }))

/**
 * A slow connection that is cut in the middle of a response. Firefox reports no message of a WebSocket that was opened,
 * filled and cut within a few milliseconds.
 */
const LINE = { cut: { min: 2_000, max: 8_000 }, slow: 5 }

/** The defaults of the library. */
const LIMITS = { connectTimeout: 5_000, heartbeatGrace: 5_000 }

/** The promise that every message arrives once and in order, however often the network cuts a response. */
export function chaos(row: Row, engine: Engine, server: ServerKind = 'hub') {
  const { count, cuts: leastCuts } = TIMES[server]
  const messages = numbered(count)
  combination({ technique: row.name, server, engine }, ({ host }) => {
    host('loses, repeats and reorders nothing while responses are cut', async ({ serve, read }) => {
      const session = await serve({ history: { count: 2 * count } })
      const reader = read(row, `${session.url}a`, { retry: backoff({ initialDelay: 50, maxDelay: 50 }), ...LIMITS })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      // A reader without a cursor may lose the message that is cut, and gets a gap.
      await session.publish('a', messages.slice(0, 1))
      await reader.gets(messages[0]?.data ?? '')
      await session.fault({ ...LINE, drop: true })
      await session.publish('a', messages.slice(1), { every: 10, batch: 10 })
      await reader.gets(messages.at(-1)?.data ?? '')

      const received = reader.data.map((data) => (JSON.parse(data) as { n: number }).n)
      const { cuts } = await session.stats()
      const figures = { ...figuresOf(received, count), gaps: reader.count('gap') }
      console.log(`chaos  ${engine}  ${server}  ${row.name}  ${inWords({ ...figures, cuts })}`)
      expect(figures).toEqual({ sent: count, received: count, lost: 0, repeated: 0, reordered: 0, gaps: 0 })
      expect(cuts).toBeGreaterThanOrEqual(leastCuts)
    })
  })
}

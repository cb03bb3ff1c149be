import { expect } from 'vitest'
import { backoff } from 'pinia-push/observables'
import type { ServerKind } from '../servers/control-client.ts'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import { figuresOf, inWords } from './figures.ts'
import { test } from './fixtures.ts'
import type { Row } from './rows.ts'

const MESSAGES = 2_000
const LEAST_CUTS = 50

/** Numbered messages that are long enough for a cut to fall into one. */
const messages = Array.from({ length: MESSAGES }, (_, n) => ({
  data: JSON.stringify({ n, padding: 'é😀'.repeat(20) }),
}))

/**
 * A line that is cut in the middle of an answer, and takes its time, as lines do: Firefox shows nothing of a WebSocket that
 * was accepted, filled and cut within the same few milliseconds.
 */
const LINE = { cut: { min: 2_000, max: 8_000 }, slow: 5 }

/** Every message once and in order, however often the network cuts an answer in the middle. */
export function chaos(row: Row, engine: Engine, server: ServerKind = 'hub') {
  combination({ technique: row.name, server, engine }, () => {
    test(
      'loses, repeats and reorders nothing while its answers are cut',
      { timeout: 60_000 },
      async ({ serve, read }) => {
        const session = await serve({ history: { count: 2 * MESSAGES } })
        const reader = read(row, `${session.url}a`, { retry: backoff({ base: 50, max: 50 }) })
        await reader.sees('open', ({ presumed }) => !presumed)
        // Who knows no place yet may lose what it is in the middle of, and is told so.
        await session.publish('a', messages.slice(0, 1))
        await reader.gets(messages[0]?.data ?? '')
        await session.fault({ ...LINE, drop: true })
        await session.publish('a', messages.slice(1), { every: 10, batch: 10 })
        await reader.gets(messages.at(-1)?.data ?? '')

        const received = reader.data.map((data) => (JSON.parse(data) as { n: number }).n)
        const { cuts } = await session.stats()
        const figures = { ...figuresOf(received, MESSAGES), gaps: reader.count('gap') }
        console.log(`chaos  ${engine}  ${server}  ${row.name}  ${inWords({ ...figures, cuts })}`)
        expect(figures).toEqual({ sent: MESSAGES, received: MESSAGES, lost: 0, repeated: 0, reordered: 0, gaps: 0 })
        expect(cuts).toBeGreaterThanOrEqual(LEAST_CUTS)
      },
    )
  })
}

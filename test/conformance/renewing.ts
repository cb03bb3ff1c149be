import { expect } from 'vitest'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import type { Row } from './rows.ts'

/** Messages per second. */
const MESSAGES = 100

/** The promise about requests that expire while messages arrive. */
export function renewing(row: Row, engine: Engine) {
  combination({ technique: row.name, server: 'hub', engine }, ({ library }) => {
    library('replaces tokens before they expire, without loss or repeat', async ({ serve, read }) => {
      const server = await serve()
      // Loads what the technique needs, so that loading does not take a token's whole lifetime.
      await read(row, `${server.url}b`).sees('open', ({ unconfirmed }) => !unconfirmed)
      const tokens: number[] = []
      const prepareRequest = () => {
        tokens.push(Date.now())
        return { query: { token: String(tokens.length) }, expiresAt: Date.now() + 1_000 }
      }
      const reader = read(row, `${server.url}a`, { prepareRequest })
      await reader.sees('open', ({ unconfirmed }) => !unconfirmed)
      const data: { data: string }[] = []
      while (tokens.length < 4) {
        const more = Array.from({ length: MESSAGES }, (_, n) => ({ data: String(data.length + n) }))
        data.push(...more)
        await server.publish('a', more, { every: 10, batch: 1 })
      }
      await reader.gets(String(data.length - 1))
      expect(reader.data).toEqual(data.map((one) => one.data))
      expect([reader.count('gap'), reader.count('reconnecting')]).toEqual([0, 0])
    })
  })
}

import { expect } from 'vitest'
import { combination } from './combination.ts'
import type { Engine } from './engines.ts'
import type { Row } from './rows.ts'

/** Of one second. */
const MESSAGES = 100

/** What expires is renewed while messages come. */
export function renewing(row: Row, engine: Engine) {
  combination({ technique: row.name, server: 'hub', engine }, ({ library }) => {
    library('changes tokens without loss or repeat, before they expire', async ({ serve, read }) => {
      const server = await serve()
      // What has to be loaded first is not to take a token's whole life.
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

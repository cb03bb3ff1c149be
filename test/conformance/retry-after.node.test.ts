import { expect } from 'vitest'
import { backoff, fetchStream, longPolling, standard, polling, sse } from 'pinia-push/observables'
import { test } from './fixtures.ts'

const retry = Object.assign(backoff(), { nextDelay: () => 0 })
const rows = { polling, longPolling, sse, fetchStream }
const HOUR = 3_600_000
const at = (ms: number) => new Date(ms).toUTCString()
const now = Date.now()

test.for(
  (Object.keys(rows) as (keyof typeof rows)[]).flatMap((name) =>
    (
      [
        ['an hour ahead', at(now + HOUR), at(now + HOUR + 7_000), 7_000],
        ['an hour behind', at(now - HOUR), at(now - HOUR + 7_000), 7_000],
        ['right, of an instant that is past', at(now), at(now - 7_000), 0],
        ['right, of a year from now', at(now), at(now + 365 * 24 * HOUR), 24 * HOUR],
        ['right, of seconds without an end', at(now), '99999999999999', 24 * HOUR],
      ] as const
    ).map((clock) => [name, ...clock] as const),
  ),
)('%s waits what the server meant whose clock is %s', async ([name, , date, retryAfter, waits], { script, read }) => {
  const server = await script()
  await server.answers([
    { status: 503, headers: { date, 'retry-after': retryAfter } },
    { hold: true, delay: 60_000 },
  ])
  const reader = read({ technique: () => rows[name]() }, `${server.url}a`, { backend: standard(), retry })
  const { delay } = await reader.sees('reconnecting')
  expect(delay).toBe(waits)
})

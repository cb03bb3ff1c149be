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
        ['an hour fast', at(now + HOUR), at(now + HOUR + 7_000), 7_000],
        ['an hour slow', at(now - HOUR), at(now - HOUR + 7_000), 7_000],
        ['right, with a date in the past', at(now), at(now - 7_000), 0],
        ['right, with a date a year from now', at(now), at(now + 365 * 24 * HOUR), 24 * HOUR],
        ['right, with too many seconds', at(now), '99999999999999', 24 * HOUR],
      ] as const
    ).map((clock) => [name, ...clock] as const),
  ),
)(
  '%s waits for the time that the server meant when its clock is %s',
  async ([name, , date, retryAfter, waits], { script, read }) => {
    const server = await script()
    await server.respond([
      { status: 503, headers: { date, 'retry-after': retryAfter } },
      { hold: true, delay: 60_000 },
    ])
    const reader = read({ technique: () => rows[name]() }, `${server.url}a`, { backend: standard(), retry })
    const { delay } = await reader.sees('reconnecting')
    expect(delay).toBe(waits)
  },
)

import { expect } from 'vitest'
import { fetchStream, sse } from 'pinia-push/observables'
import { test } from '../conformance/fixtures.ts'

const MESSAGES = 400

test.for([
  ['fetchStream', fetchStream],
  ['sse', sse],
] as const)(
  '%s: messages that arrive faster than they are handled do not block the page',
  async ([, technique], { serve, read }) => {
    const server = await serve({ startFrom: 'oldest' })
    const data = 'x'.repeat(5_000)
    await server.publish(
      'busy',
      Array.from({ length: MESSAGES }, () => ({ data })),
    )
    const reader = read({ technique }, `${server.directUrl}busy`)
    const turns: number[] = []
    const clock = setInterval(() => turns.push(reader.data.length), 0)
    const working = reader.channel.messages$.subscribe(() => {
      for (const until = performance.now() + 1; performance.now() < until;);
    })
    await expect.poll(() => reader.data.length).toBe(MESSAGES)
    clearInterval(clock)
    working.unsubscribe()
    reader.leave()
    const during = new Set(turns.filter((n) => n > 0 && n < MESSAGES))
    expect(during.size).toBeGreaterThan(MESSAGES / 40)
  },
)

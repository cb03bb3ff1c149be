import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backoff, createPushClient, type RetryPolicy } from 'pinia-push/observables'
import { scriptedTechnique, virtualTime } from 'pinia-push/testing'

const MAX = 2 ** 31 - 1
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const client = (options: Parameters<typeof createPushClient>[0]) =>
  createPushClient({ via: scriptedTechnique(), base: 'http://push.test', warnings: false, ...options })

describe('a time that no host’s timer can wait', () => {
  test.for([Infinity, MAX + 1, 1e15])('keeps a channel for `linger: %d`', (linger) => {
    const channel = client({ linger }).channel('/a')
    channel.events$.subscribe().unsubscribe()
    vi.advanceTimersByTime(1_000)
    expect(channel.status).toBe('connecting')
  })

  test('is waited to its end, and no longer', () => {
    const time = virtualTime()
    const channel = client({ linger: 2 * MAX + 10, scheduler: time, openWithin: Infinity }).channel('/a')
    channel.events$.subscribe().unsubscribe()
    time.advance(2 * MAX + 9)
    expect(channel.status).toBe('connecting')
    time.advance(1)
    expect(channel.status).toBe('idle')
  })

  test('leaves a connection `openWithin: Infinity` to open', () => {
    const channel = client({ openWithin: Infinity }).channel('/a')
    channel.events$.subscribe()
    vi.advanceTimersByTime(86_400_000)
    expect(channel.status).toBe('connecting')
  })
})

describe('a time that is none', () => {
  test.for([
    ['gives NaN', (): number => NaN],
    ['gives -1', (): number => -1],
    ['gives a text', () => 'soon' as never],
    [
      'throws',
      () => {
        throw new Error('mine')
      },
    ],
  ] as const)('a retry policy of one’s own that %s fails the channel, and says so', ([, delay]) => {
    const retry: RetryPolicy = Object.assign(backoff(), { delay })
    const technique = scriptedTechnique()
    const channel = client({ via: technique, retry }).channel('/a')
    channel.events$.subscribe()
    technique.latest.drop()
    expect(channel.state).toMatchObject({ status: 'failed', error: { code: 'invalid-option' } })
    expect(channel.state.error?.message).toMatch(/The retry policy (gave a delay of (NaN|-1|soon) ms|failed: mine)/)
  })

  test.for([NaN, '2030-01-01'])('an `expires` of %j is an attempt that fails, and is not tried for ever', (expires) => {
    const technique = scriptedTechnique()
    const prepare = () => ({ expires: expires as number })
    const channel = client({ via: technique, prepare }).channel('/a')
    channel.events$.subscribe()
    expect(channel.state).toMatchObject({ status: 'waiting', error: { code: 'prepare-failed' } })
    expect(channel.state.error?.message).toContain(`expires: ${expires}`)
    expect(technique.connections).toHaveLength(0)
  })
})

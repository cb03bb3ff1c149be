import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { backoff, createPushClient, type RetryPolicy } from 'pinia-push/observables'
import { mockTechnique, virtualTime } from 'pinia-push/testing'

const MAX = 2 ** 31 - 1
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const client = (options: Parameters<typeof createPushClient>[0]) =>
  createPushClient({ technique: mockTechnique(), baseUrl: 'http://push.test', warnings: false, ...options })

describe('a time above the limit of a host’s timers', () => {
  test.for([Infinity, MAX + 1, 1e15])('keeps a channel for `disconnectDelay: %d`', (disconnectDelay) => {
    const channel = client({ disconnectDelay }).channel('/a')
    channel.events$.subscribe().unsubscribe()
    vi.advanceTimersByTime(1_000)
    expect(channel.status).toBe('connecting')
  })

  test('is waited for completely, and no longer', () => {
    const time = virtualTime()
    const channel = client({ disconnectDelay: 2 * MAX + 10, scheduler: time, connectTimeout: Infinity }).channel('/a')
    channel.events$.subscribe().unsubscribe()
    time.advance(2 * MAX + 9)
    expect(channel.status).toBe('connecting')
    time.advance(1)
    expect(channel.status).toBe('idle')
  })

  test('never times out a connection with `connectTimeout: Infinity`', () => {
    const channel = client({ connectTimeout: Infinity }).channel('/a')
    channel.events$.subscribe()
    vi.advanceTimersByTime(86_400_000)
    expect(channel.status).toBe('connecting')
  })
})

describe('an invalid time', () => {
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
  ] as const)('a custom retry policy that %s fails the channel with the reason', ([, delay]) => {
    const retry: RetryPolicy = Object.assign(backoff(), { nextDelay: delay })
    const technique = mockTechnique()
    const channel = client({ technique, retry }).channel('/a')
    channel.events$.subscribe()
    technique.latest.drop()
    expect(channel.state).toMatchObject({ status: 'failed', error: { code: 'invalid-option' } })
    expect(channel.state.error?.message).toMatch(/`retry`: `nextDelay` (returned "(NaN|-1|soon)"|threw "mine")/)
  })

  test.for([NaN, '2030-01-01'])('an `expiresAt` of %j fails the attempt, and is not retried endlessly', (expires) => {
    const technique = mockTechnique()
    const prepareRequest = () => ({ expiresAt: expires as number })
    const channel = client({ technique, prepareRequest }).channel('/a')
    channel.events$.subscribe()
    expect(channel.state).toMatchObject({ status: 'reconnecting', error: { code: 'prepare-failed' } })
    expect(channel.state.error?.message).toContain(`expiresAt: ${expires}`)
    expect(technique.connections).toHaveLength(0)
  })

  test.for([NaN, '2030-01-01'])('a token with an `expiresAt` of %j fails the attempt, too', async (expires) => {
    vi.useRealTimers()
    const technique = mockTechnique()
    const token = () => ({ token: 'x', expiresAt: expires as number })
    const channel = client({ technique, auth: { token } }).channel('/a')
    const failed = new Promise<void>((resolve) => {
      channel.events$.subscribe(({ type }) => type === 'reconnecting' && resolve())
    })
    await failed
    expect(channel.state).toMatchObject({ status: 'reconnecting', error: { code: 'prepare-failed' } })
    expect(channel.state.error?.message).toContain(`expiresAt: ${expires}`)
    expect(technique.connections).toHaveLength(0)
    channel.close()
  })
})

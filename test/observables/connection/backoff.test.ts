import fc from 'fast-check'
import { defer, retry, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { PushError, backoff, type BackoffOptions } from 'pinia-push/observables'

describe('backoff', () => {
  const drawing = (drawn: number, options: BackoffOptions = {}, error?: PushError) => {
    const policy = backoff({ ...options, random: () => drawn })
    return [1, 2, 3, 4, 1_000].map((failures) => policy.nextDelay(failures, error))
  }

  test('draws a short first delay, then one that spreads clients out, then delays that keep them spread out', () => {
    expect(drawing(0)).toEqual([0, 0, 20_000, 20_000, 20_000])
    expect(drawing(0.5)).toEqual([250, 10_000, 25_000, 25_000, 25_000])
    expect(drawing(1)).toEqual([500, 20_000, 30_000, 30_000, 30_000])
  })

  test('grows step by step after a connection that opened and was lost, because the server is available', () => {
    expect(drawing(0.5, {}, new PushError('connection-lost', false))).toEqual([250, 500, 1_000, 2_000, 25_000])
  })

  test('grows step by step with a `multiplier`', () => {
    expect(drawing(1, { initialDelay: 100, multiplier: 2, maxDelay: 300 })).toEqual([100, 200, 200, 300, 300])
    expect(drawing(0, { initialDelay: 100, multiplier: 2, maxDelay: 300 })).toEqual([0, 0, 0, 200, 200])
  })

  test.each([Infinity, 1, 2])(
    'spreads the first attempts too if `initialDelay` is `maxDelay`, with multiplier %d',
    (multiplier) => {
      expect(drawing(0.5, { initialDelay: 300, multiplier, maxDelay: 300 })).toEqual([100, 250, 250, 250, 250])
    },
  )

  test('never draws outside its limits, whatever they are', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 2_000 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (drawn, failures, multiplier) => {
          const delay = backoff({ initialDelay: 100, multiplier, maxDelay: 1_000, random: () => drawn }).nextDelay(
            failures,
          )
          expect(delay).toBeGreaterThanOrEqual(0)
          expect(delay).toBeLessThanOrEqual(Math.min(1_000, 100 * multiplier ** (failures - 1)))
        },
      ),
    )
  })

  test('gives up after `maxRetries`', () => {
    const policy = backoff({ maxRetries: 2 })
    expect(policy.nextDelay(2)).toBeTypeOf('number')
    expect(policy.nextDelay(3)).toBeUndefined()
  })

  test('a server that states a spread', () => {
    const delays = (random: number, spread: number) =>
      [1, 2, 3, 30].map((failures) =>
        Math.round(backoff({ random: () => random }).nextDelay(failures, undefined, 0, { spread, failures }) ?? -1),
      )
    expect(delays(0, 250)).toEqual([0, 163, 211, 15_000])
    expect(delays(1, 250)).toEqual([250, 325, 423, 30_000])
    // A time above `maxDelay` is what the server needs.
    expect(delays(1, 60_000)).toEqual([60_000, 60_000, 60_000, 60_000])
    expect(backoff({ maxRetries: 1 }).nextDelay(2, undefined, 0, { spread: 250, failures: 1 })).toBeUndefined()
  })

  test('gives up after `maxElapsedTime`', () => {
    const policy = backoff({ maxElapsedTime: 60_000 })
    expect(policy.nextDelay(9, undefined, 59_999)).toBeTypeOf('number')
    expect(policy.nextDelay(9, undefined, 60_000)).toBeUndefined()
    expect(backoff({ maxElapsedTime: 0 }).nextDelay(1)).toBeUndefined()
  })

  test.each([
    { initialDelay: 0 },
    { maxElapsedTime: -1 },
    { initialDelay: 100, maxDelay: 50 },
    { multiplier: 0.5 },
    { maxRetries: -1 },
    { resetAfter: -1 },
    { initialDelay: Number.NaN },
  ])('rejects %o', (options) => {
    expect(() => backoff(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  test("is the `delay` of RxJS's retry() for a technique alone", () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ expectObservable }) => {
      const lost = new PushError('connection-lost', 'gone')
      const source = defer(() => throwError(() => lost))
      const policy = backoff({ initialDelay: 20, multiplier: 2, maxDelay: 1_000, maxRetries: 3, random: () => 0.5 })
      expectObservable(source.pipe(retry({ delay: policy }))).toBe('70ms #', undefined, lost)
    })
  })

  test("restarts `maxElapsedTime` when RxJS's retry is subscribed again", () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ expectObservable }) => {
      const lost = new PushError('connection-lost', 'gone')
      const policy = backoff({ initialDelay: 20, multiplier: 1, maxElapsedTime: 50, random: () => 1 })
      const source = throwError(() => lost).pipe(retry({ delay: policy }))
      expectObservable(source).toBe('60ms #', undefined, lost)
      expectObservable(source, '100ms ^').toBe('160ms #', undefined, lost)
    })
  })

  test('does not retry an error that a retry cannot fix, and waits at least for the time of Retry-After', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ expectObservable }) => {
      const policy = backoff({ initialDelay: 10, random: () => 0, scheduler })
      const refused = new PushError('rejected', '403')
      expectObservable(policy(refused, 1)).toBe('#', undefined, refused)
      expectObservable(policy(new PushError('unavailable', '503', { retryAfter: 20 }), 1)).toBe('20ms (a|)', { a: 0 })
      const forEver = new PushError('unavailable', '503', { retryAfter: Infinity })
      expectObservable(policy(forEver, 1), '1s !').toBe('')
    })
  })
})

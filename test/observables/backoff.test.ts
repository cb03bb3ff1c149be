import fc from 'fast-check'
import { defer, retry, throwError } from 'rxjs'
import { TestScheduler } from 'rxjs/testing'
import { describe, expect, test } from 'vitest'
import { PushError, backoff } from 'pinia-push/observables'

describe('backoff', () => {
  test('draws each delay below a limit that grows by the factor up to the maximum', () => {
    const policy = backoff({ base: 100, factor: 2, max: 1_000, random: () => 0.5 })
    expect([1, 2, 3, 4, 5, 9].map((failures) => policy.delay(failures))).toEqual([50, 100, 200, 400, 500, 500])
  })

  test('keeps clients spread out at the cap', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 2_000 }),
        (drawn, failures) => {
          const delay = backoff({ base: 100, max: 1_000, random: () => drawn }).delay(failures)
          expect(delay).toBe(drawn * Math.min(1_000, 100 * 2 ** (failures - 1)))
        },
      ),
    )
  })

  test('gives up after its tries', () => {
    const policy = backoff({ tries: 2 })
    expect(policy.delay(2)).toBeTypeOf('number')
    expect(policy.delay(3)).toBeUndefined()
  })

  test.each([
    { base: 0 },
    { base: 100, max: 50 },
    { factor: 0.5 },
    { tries: -1 },
    { resetAfter: -1 },
    { base: Number.NaN },
  ])('refuses %o', (options) => {
    expect(() => backoff(options)).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })

  test("supervises a bare technique as RxJS's own retry delay", () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ expectObservable }) => {
      const lost = new PushError('lost', 'gone')
      const source = defer(() => throwError(() => lost))
      const policy = backoff({ base: 20, max: 80, tries: 3, random: () => 0.5 })
      expectObservable(source.pipe(retry({ delay: policy }))).toBe('70ms #', undefined, lost)
    })
  })

  test('does not retry what waiting cannot mend, and waits at least as long as the server asked', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected))
    scheduler.run(({ expectObservable }) => {
      const policy = backoff({ base: 10, random: () => 0, scheduler })
      const refused = new PushError('refused', '403')
      expectObservable(policy(refused, 1)).toBe('#', undefined, refused)
      expectObservable(policy(new PushError('unavailable', '503', { retryAfter: 20 }), 1)).toBe('20ms (a|)', { a: 0 })
    })
  })
})

import { describe, expect, test } from 'vitest'
import { PushError, backoff, type PushErrorCode, type RetryPolicy } from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { failureRow, retryState } from '../../../src/observables/connection/retry-state.ts'

/** A policy that waits 100 ms for each failure of the row, and counts 10 s as a success. */
const policy = (maxFailures = Infinity) =>
  Object.assign(backoff(), {
    nextDelay: (failures: number) => (failures > maxFailures ? undefined : failures * 100),
    resetAfter: 10_000,
  })
const errorOf = (code: PushErrorCode, details: object = {}) => new PushError(code, 'down', details)

test('failures in a row are counted, with the time since the first, until a success lasts', () => {
  const time = virtualTime()
  const row = failureRow(policy(), time)
  expect([row.add(), row.count]).toEqual([0, 1])
  time.advance(500)
  row.succeeded(9_999)
  row.succeeded(undefined)
  expect([row.add(), row.count]).toEqual([500, 2])
  row.succeeded(10_000)
  expect([row.count, row.add(), row.count]).toEqual([0, 0, 1])
})

describe('after a failure', () => {
  const state = ({ prepares = false, minDelay = 0, maxFailures = Infinity } = {}) =>
    retryState(policy(maxFailures), virtualTime(), () => prepares, { minDelay: () => minDelay })

  test('the wait is the policy’s', () =>
    expect([errorOf('network-error'), errorOf('network-error')].map((error) => state().failed(error, 0))).toEqual([
      100, 100,
    ]))

  test('the wait is at least `minDelay`', () =>
    expect(state({ minDelay: 5_000 }).failed(errorOf('network-error'), 0)).toBe(5_000))

  test.for([
    [400, 400],
    [0, 250],
    [-1, 250],
    [1e300, 86_400_000],
  ] as const)('a spread of %d ms that the server asked for counts as %d', ([given, spread]) => {
    const paces: unknown[] = []
    const policy = Object.assign(backoff(), {
      nextDelay: (...[, , , pace]: Parameters<RetryPolicy['nextDelay']>) => paces.push(pace),
    })
    const failures = retryState(policy, virtualTime(), () => true)
    failures.failed(errorOf('network-error'), undefined)
    failures.requested({ type: 'retry', spread: given })
    failures.failed(errorOf('network-error'), undefined)
    failures.failed(errorOf('network-error'), undefined)
    expect(paces).toEqual([undefined, { spread, failures: 1 }, { spread, failures: 2 }])
  })

  test('the time that the server asked for is added, up to a day', () => {
    const failures = state()
    failures.requested({ type: 'retry', delay: 3_000 })
    expect(failures.failed(errorOf('unavailable'), 0)).toBe(3_100)
    expect(failures.failed(errorOf('unavailable', { retryAfter: 7_000 }), 0)).toBe(7_200)
    expect(failures.failed(errorOf('unavailable', { retryAfter: 1e12 }), 0)).toBe(86_400_300)
  })

  test('another technique is tried at once', () =>
    expect(state().failed(errorOf('heartbeat-timeout', { immediate: true }), 0)).toBe(0))

  test('a rejected user is retried once in a row, with another token', () => {
    const failures = state({ prepares: true })
    const rejected = errorOf('unauthorized')
    expect([failures.failed(rejected, 0), failures.failed(rejected, 0)]).toEqual([0, rejected])
    expect(failures.failed(rejected, 10_000)).toBe(0)
  })

  test('a rejected user is not retried if there is no other token', () => {
    const rejected = errorOf('unauthorized')
    expect(state().failed(rejected, 0)).toBe(rejected)
  })

  test('the policy may give up', () => {
    const cause = errorOf('network-error')
    expect(state({ maxFailures: 0 }).failed(cause, 0)).toMatchObject({
      code: 'retries-exhausted',
      cause,
      message:
        'Retries exhausted: failure 1 in a row, 0 ms after the first. Call reconnect() to try again. The last failure: down',
    })
  })
})

import { expect, test } from 'vitest'
import { PushError, backoff } from 'pinia-push'
import { virtualTime } from 'pinia-push/testing'
import { snapshotRetries } from '../../src/plugin/snapshot-retries.ts'

const failure = new PushError('snapshot-failed', '503')

function retries(options: Parameters<typeof backoff>[0] = {}) {
  const time = virtualTime()
  const policy = backoff({ multiplier: 2, random: () => 0.5, scheduler: time, ...options })
  return { time, ...snapshotRetries(policy, time) }
}

test('the snapshot of a single gap is loaded at once, those of the next gaps wait longer and longer', () => {
  const { delay, loaded } = retries()
  const delays = [1, 2, 3].map(() => {
    loaded()
    return delay()
  })
  expect(delays).toEqual([0, 250, 500])
})

test('a failure waits as the policy decides, and so does a gap after it', () => {
  const { delay } = retries()
  expect([delay(failure), delay(failure), delay()]).toEqual([250, 500, 500])
})

test('a snapshot that stayed in use for `resetAfter` resets the count; one that did not does not', () => {
  const { delay, loaded, time } = retries({ resetAfter: 10_000 })
  delay(failure)
  loaded()
  time.advance(9_999)
  expect(delay(failure)).toBe(500)
  loaded()
  time.advance(10_000)
  expect(delay(failure)).toBe(250)
})

test('reset() resets the count', () => {
  const { delay, reset } = retries()
  delay()
  reset()
  expect(delay()).toBe(0)
})

test('a policy that gives up keeps the error; after gaps it is `retries-exhausted`', () => {
  expect(retries({ maxRetries: 0 }).delay(failure)).toBe(failure)
  const { delay } = retries({ maxRetries: 0 })
  delay()
  expect(delay()).toMatchObject({ code: 'retries-exhausted' })
})

test('the policy gets the time since the first failure', () => {
  const { delay, time } = retries({ maxElapsedTime: 1_000 })
  delay(failure)
  time.advance(1_000)
  expect(delay(failure)).toBe(failure)
})

import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { expiringValue } from '../../../src/observables/client/expiring-value.ts'

const at = (scheduler: VirtualTimeScheduler, time: number, work: () => void) => scheduler.schedule(work, time)

describe('a value that expires', () => {
  test.each([
    ['is used for four fifths of its lifetime', 1_000, 799, 'token'],
    ['is not used for the rest of its lifetime', 1_000, 801, undefined],
    ['is not used if it has expired already', 0, 0, undefined],
    ['is used for ever if it never expires', Infinity, 1e9, 'token'],
  ])('%s', (_, expiresAt, now, expected) => {
    const scheduler = new VirtualTimeScheduler()
    const value = expiringValue<string>(scheduler)
    value.keep('token', expiresAt)
    at(scheduler, now, () => expect(value.present).toBe(expected))
    scheduler.flush()
    expect.assertions(1)
  })

  test('is not used once it was discarded', () => {
    const value = expiringValue<string>(new VirtualTimeScheduler())
    value.keep('token', Infinity)
    value.discard()
    expect(value.present).toBeUndefined()
  })
})

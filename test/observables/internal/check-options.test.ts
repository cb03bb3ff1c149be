import { describe, expect, test } from 'vitest'
import { PushError } from 'pinia-push/observables'
import { checkNumbers, checkOption, notCalled, wrongOption } from '../../../src/observables/internal/check-options.ts'

const messageOf = (work: () => void) => {
  try {
    work()
  } catch (error) {
    return error instanceof PushError && error.code === 'invalid-option' ? error.message : error
  }
  return undefined
}

describe('a numeric option', () => {
  test.each([[undefined], [0], [1.5], [Infinity]])('may be %s', (wait) =>
    expect(messageOf(() => checkNumbers('poll', { wait }))).toBeUndefined(),
  )

  test.each([
    [-1, 'it is "-1"'],
    [Number.NaN, 'it is "NaN"'],
    ['5', 'it is "5"'],
    [null, 'it is "null"'],
    [{}, 'it is an object'],
  ])('may not be %o', (wait, cause) =>
    expect(messageOf(() => checkNumbers('poll', { wait }))).toBe(
      `Invalid option \`wait\` of poll(): ${cause}. Give a number, 0 or more.`,
    ),
  )

  test('may have a least value', () =>
    expect(messageOf(() => checkNumbers('poll', { most: 4 }, 5))).toContain('Give a number, 5 or more.'))
})

test('a wrong option names the option, the function, the value and what to give', () =>
  expect(messageOf(() => checkOption(false, wrongOption('names', 'poll', [], 'Give a Set.')))).toBe(
    'Invalid option `names` of poll(): it is a list. Give a Set.',
  ))

test('the error for a factory that was not called shows how to write it', () => {
  const sse = () => ({})
  expect(notCalled('technique', sse).message).toBe(
    'Invalid option `technique`: sse was not called. Write `technique: sse()`.',
  )
  expect(notCalled('technique', 5).message).toContain('it is "5"')
})

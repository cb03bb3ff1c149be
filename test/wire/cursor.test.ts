import { expect, test } from 'vitest'
import { BEFORE_ALL, compareMoments, formatCursor, isBeforeAll, parseCursor } from '../../src/wire/cursor.ts'

test.for([
  ['7:9', { seconds: 7, counter: 9, epoch: undefined }],
  ['1763913600:412001.9f2c07d1b6e4', { seconds: 1_763_913_600, counter: 412_001, epoch: '9f2c07d1b6e4' }],
  ['0:0', { ...BEFORE_ALL, epoch: undefined }],
] as const)('the cursor %s is read and written without a change', ([cursor, parts]) => {
  expect(parseCursor(cursor)).toEqual(parts)
  expect(formatCursor(parts)).toBe(cursor)
})

test('what is not a number is NaN', () => {
  expect(parseCursor('x:1')).toEqual({ seconds: Number.NaN, counter: 1, epoch: undefined })
})

test.for([
  ['0:0', true],
  ['0:0.a', false],
  ['0:1', false],
  ['1:0', false],
] as const)('%s is before every message: %s', ([cursor, before]) => {
  expect(isBeforeAll(parseCursor(cursor))).toBe(before)
})

test.for([
  ['7:9', '7:10', -1],
  ['8:0', '7:10', 1],
  ['7:9', '7:9', 0],
  ['9:1', '10:1', -1],
] as const)('seconds count before counters: %s beside %s is %s', ([a, b, order]) => {
  expect(Math.sign(compareMoments(parseCursor(a), parseCursor(b)))).toBe(order)
})

import { expect, test } from 'vitest'
import { before, compare, follows } from '../../../../src/observables/backends/nchan/cursor.ts'

test.for([
  ['7:9', '7:10', true],
  ['7:9', '8:0', true],
  ['7:9', '70:0', true],
  ['7:9', '7:11', false],
  ['7:9', '8:1', false],
  ['7:9', '70:10', false],
  ['7:9', '7:9', false],
  // A hub's counters have holes; another epoch never follows.
  ['7:9.a', '7:12.a', true],
  ['7:9.a', '7:10.b', false],
  ['7:9.a', '7:10', false],
  ['7:9', '7:10.a', false],
] as const)('%s, then %s: %s', ([cursor, next, may]) => {
  expect(follows(cursor, next)).toBe(may)
})

test.for([
  ['7:9', '7:10', -1],
  ['8:0', '7:10', 1],
  ['7:9', '7:9', 0],
  ['7:9.a', '7:10.a', -1],
  ['10:1.a', '9:1.a', 1],
  ['7:9.a', '7:9.a', 0],
  ['7:9.a', '7:10.b', undefined],
  ['7:9.a', '7:9', undefined],
  ['7:9.ab', '7:9.a', undefined],
  ['0:0', '7:9.a', -1],
  ['7:9.a', '0:0', 1],
] as const)('%s beside %s: %s', ([a, b, order]) => {
  const compared = compare(a, b)
  expect(compared === undefined ? compared : Math.sign(compared)).toBe(order)
})

test.for([
  ['7:9', '7:8'],
  ['7:0', '6:32000'],
  ['7:9.a', '7:8.a'],
] as const)('just before %s is %s', ([cursor, place]) => {
  expect(before(cursor)).toBe(place)
})

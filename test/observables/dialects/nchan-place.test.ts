import { expect, test } from 'vitest'
import { follows } from '../../../src/observables/dialects/nchan-place.ts'

test.for([
  ['7:9', '7:10', true],
  ['7:9', '8:0', true],
  ['7:9', '70:0', true],
  ['7:9', '7:11', false],
  ['7:9', '8:1', false],
  ['7:9', '70:10', false],
  ['7:9', '7:9', false],
] as const)('%s, then %s: %s', ([cursor, next, may]) => {
  expect(follows(cursor, next)).toBe(may)
})

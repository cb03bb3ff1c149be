import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonArray } from '../../../src/observables/parsers/json-array.ts'
import { awkward } from './splits.ts'

function read(text: string, sizes: readonly number[] = [text.length || 1]) {
  const seen: string[] = []
  const array = jsonArray((element) => seen.push(element))
  for (let at = 0, turn = 0; at < text.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    array.feed(text.slice(at, at + size))
    at += size
  }
  array.end()
  return seen
}

const value = fc.oneof(
  fc.jsonValue(),
  awkward,
  fc.constantFrom('"', '\\', '\\"', '],[', '{"a":[1,2]}', ['",'], { ']': '[' }),
)
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 })

describe('a JSON array', () => {
  test('has the same elements however it is cut and spaced', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), sizes, fc.constantFrom(undefined, 2, '\t'), (all, cuts, space) => {
        const text = JSON.stringify(all, null, space)
        expect(read(text, cuts).map((element) => JSON.parse(element) as unknown)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('keeps each element as it was written', () => {
    expect(read(' [ 1.0 , 12345678901234567890,{"a": 1, "a": 2} ]\n')).toEqual([
      '1.0',
      '12345678901234567890',
      '{"a": 1, "a": 2}',
    ])
  })

  test('returns the elements before the cut, and that the array is incomplete', () => {
    const seen: string[] = []
    const array = jsonArray((element) => seen.push(element))
    array.feed('[1,{"a":[2,3]},"4')
    expect(seen).toEqual(['1', '{"a":[2,3]}'])
    expect(() => array.end()).toThrow('before its JSON array did')
  })

  test.for([
    '',
    'null',
    '{}',
    '"[1]"',
    ']',
    '}',
    '[1][2]',
    '[1]2',
    '2[1]',
    '[1,]',
    '[,1]',
    '[1',
    'plain text, [so] what',
    '[1}',
    '[1}]',
    '[{"a":1],2]',
    '[[1},2]',
    '[[1}',
    '[{"a":[1}]]',
  ])('is not %s', (text) => {
    expect(() => read(text)).toThrow(/JSON array/)
  })
})

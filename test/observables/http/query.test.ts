import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withQuery, withoutQuery } from '../../../src/observables/http/query.ts'

describe('a parameter added to a URL', () => {
  test.for([
    ['http://h/x', 'http://h/x?a=1'],
    ['http://h/x?', 'http://h/x?a=1'],
    ['http://h/x?b', 'http://h/x?b&a=1'],
    ["http://h/x?q=a%20b&t=urn:x~y&flag&f=(a)*'!#part", "http://h/x?q=a%20b&t=urn:x~y&flag&f=(a)*'!&a=1"],
    ['http://h/x?b&&c', 'http://h/x?b&&c&a=1'],
    ['http://h/x?a=0&b=%zz&a', 'http://h/x?b=%zz&a=1'],
    ['http://h/x?%61=0&aa=2', 'http://h/x?aa=2&a=1'],
  ] as const)('keeps the rest of %s', ([given, expected]) => {
    expect(withQuery(given, { a: '1' })).toBe(expected)
  })

  test('is decoded by a server to its value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, value) => {
        expect(new URL(withQuery('http://h/x?b=urn:c', { [name]: value })).searchParams.get(name)).toBe(value)
      }),
    )
  })

  test('changes nothing if it is undefined', () => {
    expect(withQuery('http://h/x?a=0', { a: undefined })).toBe('http://h/x?a=0')
  })
})

test('a parameter removed from a URL keeps the rest', () => {
  expect(withoutQuery('http://h/x?topic=a&b=urn:c&match_x=d', (name) => name !== 'b')).toBe('http://h/x?b=urn:c')
  expect(withoutQuery('http://h/x?topic=a', () => true)).toBe('http://h/x')
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lines } from '../../../src/observables/parsers/lines.ts'
import { awkward, bytes, cut, cuts } from './splits.ts'

function read(text: string, sizes: readonly number[] = [text.length || 1]) {
  const seen: string[] = []
  const feed = lines((line) => seen.push(line))
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  for (const chunk of cut(bytes(text), sizes)) feed(utf8.decode(chunk, { stream: true }))
  return seen
}

describe('lines', () => {
  test('are the same however their bytes are cut', () => {
    const line = awkward.map((text) => text.replaceAll(/[\r\n]/g, ' ')).filter((text) => text !== '')
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), cuts, fc.constantFrom('\n', '\r\n'), (all, sizes, end) => {
        expect(read(all.map((each) => each + end).join(''), sizes)).toEqual(all)
      }),
    )
  })

  test('that are empty keep a connection alive, and are not messages', () => {
    expect(read('\na\n\r\n\nb\n')).toEqual(['a', 'b'])
  })

  test('without an end are not emitted yet', () => {
    expect(read('whole\nhalf')).toEqual(['whole'])
  })
})

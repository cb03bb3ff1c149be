import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { splitLines } from '../../../src/observables/parsers/split-lines.ts'

function read(chunks: readonly string[], limit = 1_000) {
  const lines: string[] = []
  const errors: (string | undefined)[] = []
  const splitter = splitLines((text, start, end, error) => {
    lines.push(text.slice(start, end))
    errors.push(error?.code)
  }, limit)
  const isEndless = chunks.map((chunk) => splitter.feed(chunk))
  return { lines, errors, isEndless, splitter }
}

describe('lines that end with LF, CR or CRLF', () => {
  test('are the same however the text is cut', () => {
    const ends = fc.constantFrom('\n', '\r\n', '\r')
    const line = fc.stringMatching(/^[a-z ]{0,6}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(line, ends)), fc.integer({ min: 1, max: 4 }), (all, size) => {
        // A CR before an empty line that ends with LF would be one line end with it.
        const parts = all.map(
          ([text, end], at) => [text, all[at + 1]?.[0] === '' && end === '\r' ? '\n' : end] as const,
        )
        const text = parts.map((part) => part.join('')).join('')
        const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
          text.slice(at * size, at * size + size),
        )
        expect(read(chunks).lines).toEqual(parts.map(([each]) => each))
      }),
    )
  })

  test('end at a CR, without waiting for the LF of the next chunk', () => {
    expect(read(['a\r']).lines).toEqual(['a'])
    expect(read(['a\r', '', '\nb\n']).lines).toEqual(['a', 'b'])
  })

  test('are not followed by an empty line if the chunk ends with their CR', () => {
    const { lines, splitter } = read(['a\r'])
    splitter.cut()
    expect(lines).toEqual(['a'])
  })

  test('above the limit are cut and have an error', () => {
    const { lines, errors } = read(['a\n', 'x'.repeat(5_000), '\nb\n'])
    expect(lines.map(({ length }) => length)).toEqual([1, 4_096, 1])
    expect(errors).toEqual([undefined, 'message-too-large', undefined])
  })

  test('without an end are emitted when they are cut, with an error', () => {
    const { lines, errors, isEndless, splitter } = read(['ab', 'x'.repeat(2_000)])
    expect([lines, isEndless]).toEqual([[], [false, true]])
    splitter.cut()
    splitter.cut()
    expect([lines.length, errors]).toEqual([1, ['message-too-large']])
  })
})

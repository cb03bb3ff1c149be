import fc from 'fast-check'

/** Any way to cut bytes into chunks. */
export const cuts = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 40 })

/** Bytes in chunks of these sizes, over and over. */
export function* cut(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1
    yield bytes.subarray(at, at + size)
    at += size
  }
}

/** Text that breaks careless parsers: line ends, surrogate pairs, marks, separators. */
export const awkward = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.constantFrom(
        '\n',
        '\r\n',
        '\u2028',
        '\uFEFF',
        '😀',
        '--',
        ':',
        ' ',
        'data: ',
        'id: 1',
        '\0',
        '\r\n--x',
        '\r\n\r\n',
        'é',
        '</script>',
      ),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''))

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

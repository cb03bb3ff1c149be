import fc from 'fast-check'
import { expect, test } from 'vitest'
import { replaceBytes } from '../../../src/hub/encoders/replace-bytes.ts'

test('replaces bytes as strings replace characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', 'é', '😀', '<') }), (text) => {
      const replaced = replaceBytes(Buffer.from(text), 10, Buffer.from('\ndata: '))
      expect(replaced.toString()).toBe(text.replaceAll('\n', '\ndata: '))
    }),
  )
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nchanFrame } from '../../../src/observables/parsers/nchan-frame.ts'
import { awkward, bytes } from './splits.ts'

describe('a frame of ws+meta.nchan', () => {
  test('returns any text after its head unchanged', () => {
    fc.assert(
      fc.property(awkward, (body) => {
        expect(nchanFrame(`id: 1:2\ncontent-type: text/plain\n\n${body}`)).toEqual({
          head: new Map(Object.entries({ id: '1:2', 'content-type': 'text/plain' })),
          body,
        })
      }),
    )
  })

  test('returns any bytes after its head unchanged', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        const { head, body: read } = nchanFrame(new Uint8Array([...bytes('id: 1:2\n\n'), ...body]))
        expect({ head, read: Array.from(read as Uint8Array) }).toEqual({
          head: new Map([['id', '1:2']]),
          read: [...body],
        })
      }),
    )
  })

  test.each([
    ['no head at all', 'no head at all'],
    ['neither\n\nhere', 'neither'],
    ['id: 1:2\nno end of the head', 'id: 1:2\nno end of the head'],
  ])('reports an invalid head of %j, as a header with an empty name', (frame, wrong) => {
    expect(nchanFrame(frame).head.get('')).toBe(wrong)
    expect(nchanFrame(bytes(frame)).head.get('')).toBe(wrong)
  })

  test('returns the cursor of an invalid head', () => {
    expect(nchanFrame('id: 1:2\nneither\n\nhere').head.get('id')).toBe('1:2')
    expect(nchanFrame('id: 1:2\nno end of the head').head.get('id')).toBe('1:2')
  })

  test('returns no cursor of a line that is longer than a head may be', () => {
    const endless = `event: a\nid: ${'1'.repeat(5_000)}`
    for (const frame of [endless, bytes(endless)]) {
      const { head } = nchanFrame(frame)
      expect([head.get('event'), head.get('id')]).toEqual(['a', undefined])
    }
  })
})

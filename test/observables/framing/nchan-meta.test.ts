import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { metaFrame } from '../../../src/observables/framing/nchan-meta.ts'
import { awkward, bytes } from './splits.ts'

describe('a frame of ws+meta.nchan', () => {
  test('gives back any text that was put after its head', () => {
    fc.assert(
      fc.property(awkward, (body) => {
        expect(metaFrame(`id: 1:2\ncontent-type: text/plain\n\n${body}`)).toEqual({
          head: new Map(Object.entries({ id: '1:2', 'content-type': 'text/plain' })),
          body,
        })
      }),
    )
  })

  test('gives back any bytes that were put after its head', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (body) => {
        const { head, body: read } = metaFrame(new Uint8Array([...bytes('id: 1:2\n\n'), ...body]))
        expect({ head, read: Array.from(read as Uint8Array) }).toEqual({
          head: new Map([['id', '1:2']]),
          read: [...body],
        })
      }),
    )
  })

  test.each(['no head at all', 'neither\n\nhere', '', '\n\n'])('takes %j as all body', (frame) => {
    expect(metaFrame(frame)).toEqual({ head: new Map(), body: frame })
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { multipart, type Part } from '../../../src/observables/parsers/multipart.ts'
import { awkward, bytes, cut, cuts } from './splits.ts'

function read(text: string, sizes: readonly number[] = [text.length], boundary = 'x') {
  const parts: Part[] = []
  let closed = false
  const feed = multipart(boundary, { part: (part) => parts.push(part), close: () => (closed = true) })
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  for (const chunk of cut(bytes(text), sizes)) feed(utf8.decode(chunk, { stream: true }))
  return { parts, bodies: parts.map(({ body }) => body), closed }
}

const part = (body: string, boundary = 'x') => `--${boundary}\r\nEtag: 1\r\n\r\n${body}\r\n`

describe('a multipart body', () => {
  test('gives the same parts however its bytes are cut', () => {
    // The sender of a multipart body draws a boundary that no part contains.
    const body = awkward.filter((text) => !text.includes('--boundary'))
    fc.assert(
      fc.property(fc.array(body, { maxLength: 5 }), cuts, (bodies, sizes) => {
        const text = `${bodies.map((each) => part(each, 'boundary')).join('')}--boundary--\r\n`
        expect(read(text, sizes, 'boundary')).toMatchObject({ bodies, closed: true })
      }),
    )
  })

  test('emits a part as soon as the boundary after it arrives', () => {
    expect(read(`${part('one')}--x\r\nEtag: 2\r\n\r\ntw`).bodies).toEqual(['one'])
    // Nchan sends what follows the boundary with the next part.
    expect(read(`${part('one')}--x`).bodies).toEqual(['one'])
  })

  test('reads header fields by lower-case name', () => {
    const [first] = read(`--x\r\nContent-Type:  text/plain\r\nETAG: 4 \r\n\r\nbody\r\n--x--`).parts
    expect(first?.headers).toEqual(new Map(Object.entries({ 'content-type': 'text/plain', etag: '4' })))
  })

  test('ignores text before the first boundary and after the last', () => {
    expect(read(`preamble\r\n${part('one')}--x--\r\n--x\r\n\r\nforged\r\n--x--`)).toMatchObject({
      bodies: ['one'],
      closed: true,
    })
  })

  test('emits nothing of a part that was cut', () => {
    expect(read('--x\r\nEtag: 1\r\n\r\nhalf')).toMatchObject({ bodies: [], closed: false })
  })
})

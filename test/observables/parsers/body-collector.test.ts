import { describe, expect, test } from 'vitest'
import type { Payload } from 'pinia-push/observables'
import { bodyCollector } from '../../../src/observables/parsers/body-collector.ts'

describe('a body that is one message', () => {
  const read = (type: string | null, ...chunks: number[][]) => {
    const bodies: Payload[] = []
    const body = bodyCollector(type, (data) => bodies.push(data))
    for (const chunk of chunks) body.feed(Uint8Array.from(chunk))
    body.end()
    expect(bodies).toHaveLength(1)
    return bodies[0]
  }

  test.for(['text/plain', 'application/json; charset=utf-8', 'image/svg+xml', null])(
    'of type %s is a string',
    (type) => {
      // An é cut in two.
      expect(read(type, [97, 0xc3], [0xa9])).toBe('aé')
      expect(read(type)).toBe('')
    },
  )

  test('is bytes if its type is text but it is not UTF-8, so that no byte is lost', () => {
    expect(read('text/plain', [97, 0xff])).toEqual(Uint8Array.of(97, 0xff))
  })

  test('is bytes if its type is not text', () => {
    expect(read('application/octet-stream', [97], [98])).toEqual(Uint8Array.of(97, 98))
  })
})

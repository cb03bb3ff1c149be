import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ServerSentEvent } from '../../../src/observables/dialects/dialect.ts'
import { eventStream } from '../../../src/observables/framing/event-stream.ts'
import { awkward, bytes, cut, cuts } from './splits.ts'

function read(stream: string, sizes: readonly number[] = [stream.length || 1]) {
  const events: ServerSentEvent[] = []
  const comments: string[] = []
  const delays: number[] = []
  const feed = eventStream({
    event: ({ id, event, data }) => events.push({ id, event, data }),
    comment: (text) => comments.push(text),
    retry: (delay) => delays.push(delay),
  })
  const utf8 = new TextDecoder()
  for (const chunk of cut(bytes(stream), sizes)) feed(utf8.decode(chunk, { stream: true }))
  return { events, comments, delays }
}

describe('an event stream', () => {
  test('gives the same events however its bytes are cut', () => {
    // A line of data holds anything but a line end.
    const line = awkward.map((text) => text.replaceAll(/[\r\n]/g, ' '))
    const event = fc.record({
      id: fc.option(fc.integer({ min: 0 }).map(String)),
      lines: fc.array(line, { minLength: 1, maxLength: 3 }),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), cuts, fc.constantFrom('\n', '\r\n'), (events, sizes, end) => {
        const stream = events
          .map(({ id, lines }) =>
            [...(id === null ? [] : [`id: ${id}`]), ...lines.map((text) => `data: ${text}`), '', ''].join(end),
          )
          .join('')
        expect(read(stream, sizes).events).toEqual(
          events.map(({ id, lines }) => ({ id: id ?? undefined, event: undefined, data: lines.join('\n') })),
        )
      }),
    )
  })

  test('gives an event an id only where that event carried it', () => {
    expect(read('id: 7\ndata: a\n\ndata: b\n\n').events.map(({ id }) => id)).toEqual(['7', undefined])
  })

  test('tells comments and the reconnection time', () => {
    expect(read(': hi\n\nretry: 250\n\n')).toMatchObject({ events: [], comments: ['hi'], delays: [250] })
  })

  test('drops an event that the end of the stream cut', () => {
    expect(read('data: whole\n\ndata: cut\n').events.map(({ data }) => data)).toEqual(['whole'])
  })

  test('passes over a byte order mark before the first event, and keeps one inside', () => {
    expect(read('\uFEFFdata: \uFEFFa\n\n').events.map(({ data }) => data)).toEqual(['\uFEFFa'])
  })
})

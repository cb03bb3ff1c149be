import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ServerSentEvent } from '../../../src/observables/backends/backend.ts'
import { eventStream } from '../../../src/observables/parsers/event-stream.ts'
import { awkward, bytes, cut, cuts } from './splits.ts'

function read(stream: string, sizes: readonly number[] = [stream.length || 1]) {
  const events: ServerSentEvent[] = []
  const comments: string[] = []
  const delays: number[] = []
  const ids: string[] = []
  const feed = eventStream({
    event: ({ id, event, data }) => events.push({ id, event, data }),
    id: (id) => ids.push(id),
    comment: (text) => comments.push(text),
    retry: (delay) => delays.push(delay),
  })
  const utf8 = new TextDecoder()
  for (const chunk of cut(bytes(stream), sizes)) feed(utf8.decode(chunk, { stream: true }))
  return { events, ids, comments, delays }
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

  test('gives an event an id only if that event has one', () => {
    expect(read('id: 7\ndata: a\n\ndata: b\n\n').events.map(({ id }) => id)).toEqual(['7', undefined])
  })

  test('reports an id without data, also an empty one, and ignores one with a NUL', () => {
    const { events, ids } = read('id: 7\n\ndata: a\n\nid: 8\nevent: tick\n\nid\n\nid: 9\0\n\n')
    expect([ids, events.map(({ id, data }) => [id, data])]).toEqual([['7', '8', ''], [[undefined, 'a']]])
  })

  test('reports comments and the reconnection time', () => {
    expect(read(': hi\n\nretry: 250\n\n')).toMatchObject({ events: [], comments: ['hi'], delays: [250] })
  })

  test('drops an event that is incomplete at the end of the stream', () => {
    expect(read('data: whole\n\ndata: cut\n').events.map(({ data }) => data)).toEqual(['whole'])
  })

  test('skips a byte order mark before the first event, and keeps later ones', () => {
    expect(read('\uFEFFdata: \uFEFFa\n\n').events.map(({ data }) => data)).toEqual(['\uFEFFa'])
  })
})

describe('an incomplete id is not an id', () => {
  const told = (...chunks: string[]) => {
    const events: (string | undefined)[] = []
    const feed = eventStream(
      { event: ({ id }) => events.push(id), id: (id) => events.push(id), comment() {}, retry() {} },
      10_000,
    )
    const feedAll = () => chunks.forEach((chunk) => feed(chunk))
    return { events, feedAll }
  }
  const half = '1'.repeat(6_000)

  test('if its line is longer than a message may be', () => {
    const { events, feedAll } = told(`id: ${half}`, `${half}\ndata: a\n\nid: 7\ndata: b\n\n`)
    feedAll()
    expect(events).toEqual([undefined, '7'])
  })

  test('and is not the one before it in the same event', () => {
    const { events, feedAll } = told(`id: 7\nid: ${half}`, `${half}\ndata: a\n\n`)
    feedAll()
    expect(events).toEqual([undefined])
  })

  test('if the event has no end', () => {
    const { events, feedAll } = told(`id: 7\ndata: ${half}\ndata: ${half}\ndata: ${half}\ndata: ${half}\nid: 12`)
    expect(feedAll).toThrow(expect.objectContaining({ code: 'message-too-large' }))
    expect(events).toEqual([undefined])
  })

  test('if its line has no end', () => {
    const { events, feedAll } = told(...Array.from({ length: 4 }, (_, at) => (at === 0 ? `id: ${half}` : half)))
    expect(feedAll).toThrow(expect.objectContaining({ code: 'message-too-large' }))
    expect(events).toEqual([undefined])
  })
})

describe('a comment above the limit is cut', () => {
  const told = (...chunks: string[]) => {
    const events: ServerSentEvent[] = []
    const comments: string[] = []
    const feed = eventStream(
      { event: (event) => events.push(event), id() {}, comment: (text) => comments.push(text), retry() {} },
      10,
    )
    for (const chunk of chunks) feed(chunk)
    return { events, comments }
  }
  const event = { id: undefined, event: undefined, data: 'a', error: undefined }
  const long = 'x'.repeat(15)

  test.for([
    ['before an event', `: ${long}`, '\ndata: a\n\n'],
    ['before an event with CRLF', `: ${long}`, '\r\ndata: a\r\n\r\n'],
    ['inside an event', `data: a\n: ${long}`, '\n\n'],
    ['longer than twice the limit', `: ${long}${long}`, '\ndata: a\n\n'],
    ['longer than twice the limit inside an event', `data: a\n:${long}`, long, '\n\n'],
    ['in one chunk with the event', `: ${long}${long}\ndata: a\n\n`],
  ])('and the event is valid if the comment is %s', ([, ...chunks]) => {
    expect(told(...chunks).events).toEqual([event])
  })

  test('so that a comment without an end needs no more memory', () => {
    const { events, comments } = told(':', ...Array.from({ length: 10_000 }, () => long), '\ndata: a\n\n')
    expect([events, comments.map((text) => text.length <= 4_096)]).toEqual([[event], [true]])
  })

  test('and a line of data above twice the limit after it is an error', () => {
    expect(() => told(`: ${long}${long}`, `\ndata: ${long}`, long)).toThrow(
      expect.objectContaining({ code: 'message-too-large' }),
    )
  })
})

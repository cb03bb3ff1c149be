import { describe, expect } from 'vitest'
import {
  backoff,
  defineChannel,
  durableStreams,
  mercure,
  nchan,
  standard,
  type Backend,
  type PushEvent,
  type Technique,
} from 'pinia-push/observables'
import type { ScriptedResponse } from '../servers/control-client.ts'
import { readChannel, story, test } from './fixtures.ts'

export interface Techniques {
  polling: Technique
  longPolling: Technique
  sse: Technique
  fetchStream: Technique
  webSocket: Technique
}

const SSE = { 'content-type': 'text/event-stream' }
const JSON_TYPE = { 'content-type': 'application/json' }
const EXPOSED = { 'access-control-expose-headers': '*' }
const QUICK = { retry: backoff({ initialDelay: 10, maxDelay: 10 }) }

/** The events of a reader, in order: messages by their data, other events by their names. */
const summary = (events: readonly PushEvent<unknown>[]): unknown[] =>
  events.flatMap((event) =>
    event.type === 'message'
      ? [event.data]
      : event.type === 'gap'
        ? [`gap ${event.reason}`]
        : event.type === 'invalid'
          ? [`invalid ${event.error.code}`]
          : event.type === 'open' || event.type === 'connecting'
            ? []
            : [event.type],
  )

/** The promises about unusual and malformed responses. */
export function malformedResponses(techniques: Techniques) {
  const row = (name: keyof Techniques) => ({ technique: () => techniques[name] })

  describe('media types are compared as a whole, without case and parameters', () => {
    test.for([
      ['sse', 'Text/Event-Stream'],
      ['sse', 'text/event-stream;charset=UTF-8'],
      ['sse', 'TEXT/EVENT-STREAM ; x=y'],
      ['fetchStream', 'Text/Event-Stream'],
    ] as const)('%s reads events when the type is %s', async ([name, type], { script, read }) => {
      const server = await script()
      await server.respond([{ headers: { 'content-type': type }, hold: true, body: 'id: 7\ndata: one\n\n' }])
      const reader = read(row(name), `${server.url}a`, { backend: standard() })
      expect((await reader.sees('message')).data).toBe('one')
    })

    test.for(['text/event-streams', 'text/event-stream+x', 'text/html', 'application/text/event-stream'])(
      'sse rejects %s, and the error names the received and the expected type',
      async (type, { script, read }) => {
        const server = await script()
        await server.respond([{ headers: { 'content-type': type }, hold: true, body: 'data: one\n\n' }])
        const reader = read(row('sse'), `${server.url}a`, { backend: standard() })
        const { error } = await reader.sees('reconnecting')
        expect(error.code).toBe('unexpected-response')
        expect(error.message).toContain(type)
        expect(error.message).toContain('expected text/event-stream')
        expect(reader.data).toEqual([])
      },
    )

    test('a header of prepareRequest replaces the default one, whatever its case', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ headers: SSE, hold: true, body: 'data: one\n\n' }])
      const prepareRequest = () => ({ headers: { accept: 'text/event-stream, x/y' } })
      await read(row('sse'), `${server.url}a`, { backend: standard(), prepareRequest }).gets('one')
      const asked = (await server.requests()).find(({ method }) => method === 'GET')
      expect(asked?.headers['accept']).toBe('text/event-stream, x/y')
    })
  })

  describe('polls with standard()', () => {
    test.for([
      ['polling', 204],
      ['polling', 304],
      ['longPolling', 204],
      ['longPolling', 304],
    ] as const)('%s polls again after %i', async ([name, status], { script, read }) => {
      const server = await script()
      await server.respond([
        { status },
        { headers: { 'content-type': 'text/plain' }, body: 'one' },
        { status },
        { headers: { 'content-type': 'text/plain' }, body: 'two' },
        { status },
      ])
      const reader = read(row(name), `${server.url}a`, { backend: standard(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['one', 'two'])
    })

    test.for(['polling', 'longPolling'] as const)(
      '%s never treats a login page as a message, and continues when the page is gone',
      async (name, { script, read }) => {
        const server = await script()
        await server.respond([
          { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<h1>Log in</h1>' },
          { headers: { 'content-type': 'text/plain' }, body: 'one' },
          { status: 204 },
        ])
        const reader = read(row(name), `${server.url}a`, { backend: standard(), ...QUICK })
        await reader.gets('one')
        expect(reader.data).toEqual(['one'])
        const { error } = await reader.sees('reconnecting')
        expect(error.code).toBe('unexpected-response')
        expect(error.message).toMatch(/text\/html.*expected JSON, text or bytes.*html: true/)
      },
    )

    test('read HTML with the option `html`', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ headers: { 'content-type': 'text/html' }, body: '<b>one</b>' }, { status: 304 }])
      const reader = read(row('polling'), `${server.url}a`, { backend: standard({ html: true }) })
      await reader.gets('<b>one</b>')
    })
  })

  test('a poll of Nchan rejects a page without a cursor', async ({ script, read }) => {
    const server = await script()
    const page = { ...EXPOSED, 'content-type': 'text/html', etag: '"5e8f-abc"' }
    await server.respond([
      { headers: { ...page, 'last-modified': 'Thu, 01 Jan 1970 00:00:09 GMT' }, body: '<h1>Log in</h1>' },
    ])
    const reader = read(row('longPolling'), `${server.url}a`, { backend: nchan(), ...QUICK })
    expect((await reader.sees('reconnecting')).error.code).toBe('unexpected-response')
    expect(reader.data).toEqual([])
  })

  describe('JSON after a byte order mark is decoded', () => {
    const MARKED = '\uFEFF{"n":1}'
    test.for([
      ['polling', { headers: JSON_TYPE, body: MARKED }],
      ['longPolling', { headers: JSON_TYPE, body: MARKED }],
      ['sse', { headers: SSE, hold: true, body: `data: ${MARKED}\n\n` }],
      ['fetchStream', { headers: { 'content-type': 'application/x-ndjson' }, hold: true, body: `${MARKED}\n` }],
      ['webSocket', { frames: [MARKED] }],
    ] as const)('by %s', async ([name, answer], { script, client }) => {
      const server = await script()
      await server.respond([answer, { ...answer, status: 304, body: '' }])
      const channel = defineChannel<{ n: number }>({ url: `${server.url}a` })
      const reader = readChannel(client(row(name), { backend: standard() }).channel(channel()))
      expect((await reader.sees('message')).data).toEqual({ n: 1 })
      reader.leave()
    })
  })

  test('text on a JSON channel is invalid, and the error names the option to decode it', async ({ script, client }) => {
    const server = await script()
    await server.respond([{ headers: SSE, hold: true, body: 'data: hello\n\ndata: "two"\n\n' }])
    const reader = readChannel(client(row('sse'), { backend: standard() }).channel(`${server.url}a`))
    await reader.gets('two')
    const { error, raw } = await reader.sees('invalid')
    expect([error.code, raw]).toEqual(['invalid-message', 'hello'])
    expect(error.message).toMatch(/not JSON.*decode: String/)
    reader.leave()
  })

  describe("a URL's own query keeps its bytes", () => {
    // The URL standard encodes the apostrophe in every request of a page.
    const GIVEN = "x?q=a%20b&t=urn:x~y&flag&f=(a)*'!&token=old&plus=a+b#part"
    const KEPT = 'x?q=a%20b&t=urn:x~y&flag&f=(a)*%27!&plus=a+b'
    const prepareRequest = () => ({ query: { token: 'a b&c' } })
    const cases: readonly (readonly [keyof Techniques, string, Backend, ScriptedResponse])[] = [
      ['sse', 'standard', standard(), { headers: SSE, hold: true, body: 'data: one\n\n' }],
      ['polling', 'standard', standard(), { headers: { 'content-type': 'text/plain' }, body: 'one' }],
      ['fetchStream', 'standard', standard(), { headers: { 'content-type': 'a/b' }, hold: true, body: 'one\n' }],
      ['webSocket', 'standard', standard(), { frames: ['one'] }],
      ['sse', 'nchan', nchan(), { headers: SSE, hold: true, body: 'id: 1:0\ndata: one\n\n' }],
      ['webSocket', 'nchan', nchan(), { frames: ['id: 1:0\n\none'] }],
      ['sse', 'mercure', mercure(), { headers: SSE, hold: true, body: 'id: 1\ndata: one\n\n' }],
    ]
    test.for(cases)('by %s, %s', async ([name, , backend, answer], { script, read }) => {
      const server = await script()
      await server.respond([answer])
      await read(row(name), server.url + GIVEN, { backend, prepareRequest }).gets('one')
      const asked = (await server.requests()).find(({ method }) => method === 'GET')
      expect(asked?.url).toBe(`/${KEPT}&token=a%20b%26c`)
    })

    test('and the cursor replaces one in the query', async ({ script, read }) => {
      const server = await script()
      const greeting = 'id: 1:0\nevent: push.open\ndata: {"heartbeat":9,"gaps":true}\n\n'
      await server.respond([
        { headers: SSE, body: `${greeting}id: 1:1\ndata: one\n\n` },
        { headers: SSE, hold: true, body: `${greeting}id: 1:2\ndata: two\n\n` },
      ])
      const url = `${server.url}a?last_event_id=0%3A0&b=urn:x`
      await read(row('sse'), url, { backend: nchan(), ...QUICK }).gets('two')
      const asked = (await server.requests()).filter(({ method }) => method === 'GET')
      expect(asked.map((request) => request.url)).toEqual([
        '/a?last_event_id=0%3A0&b=urn:x',
        '/a?b=urn:x&last_event_id=1%3A1',
      ])
    })
  })

  describe('an unreadable message is emitted as invalid, and the next one arrives', () => {
    const OPEN = 'id: 5:0\nevent: push.open\ndata: {"heartbeat":30,"gaps":true}\n\n'
    const words: readonly (readonly [word: string, json: string])[] = [
      ['message', 'not JSON'],
      ['message', '{}'],
      ['message', '[]'],
      ['message', 'null'],
      ['message', '{"text":{"toString":1}}'],
      ['message', '{"base64":"%%%"}'],
      ['message', '{"text":7}'],
      ['gap', '{"reason":{"toString":1}}'],
      ['gap', 'not JSON'],
      ['open', 'not JSON'],
      ['open', '7'],
    ]

    test.for(words)('a control event `%s` with %s, by sse', async ([word, json], { script, read }) => {
      const server = await script()
      const odd = `id: 5:2\nevent: push.${word}\ndata: ${json}\n\n`
      await server.respond([
        { headers: SSE, body: `${OPEN}id: 5:1\ndata: one\n\n${odd}` },
        { headers: SSE, hold: true, body: `${OPEN.replace('5:0', '5:2')}id: 5:3\ndata: two\n\n` },
      ])
      const reader = read(row('sse'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['one', 'invalid invalid-message', 'reconnecting', 'two'])
      expect((await reader.sees('invalid')).cursor).toBe('5:2')
      expect((await reader.sees('reconnecting')).error.code).toBe('connection-lost')
      // It is not requested again.
      const asked = (await server.requests()).filter(({ method }) => method === 'GET')
      expect(asked[1]?.url).toBe('/a?last_event_id=5%3A2')
    })

    test.for(words)('a control event `%s` with %s, by webSocket', async ([word, json], { script, read }) => {
      const server = await script()
      const frames = ['id: 5:1\n\none', `id: 5:2\npush: ${word}\n\n${json}`, 'id: 5:3\n\ntwo']
      await server.respond([{ frames: ['push: open\nid: 5:0\n\n{"gaps":true}', ...frames] }])
      const reader = read(row('webSocket'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['one', 'invalid invalid-message', 'two'])
      expect((await reader.sees('invalid')).cursor).toBe('5:2')
    })

    test.for([
      ['a control type of a publisher that is not JSON', 'content-type: application/vnd.push.message+json\n\nnot JSON'],
      ['the same type in other case', 'content-type: Application/Vnd.Push.Message+JSON; charset=utf-8\n\nnot JSON'],
      ['a line of the head that is not a header field', 'nonsense\n\nbody'],
      ['a head without an end', 'content-type: text/plain\nbody'],
    ])('%s, by webSocket', async ([, rest], { script, read }) => {
      const server = await script()
      const frames = ['id: 5:1\n\none', `id: 5:2\n${rest}`, 'id: 5:3\n\ntwo']
      await server.respond([{ frames: ['push: open\nid: 5:0\n\n{"gaps":true}', ...frames] }])
      const reader = read(row('webSocket'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['one', 'invalid invalid-message', 'two'])
      expect((await reader.sees('invalid')).cursor).toBe('5:2')
    })

    const part = (counter: number, rest: string) =>
      `--x\r\nLast-Modified: Thu, 01 Jan 1970 00:00:05 GMT\r\nEtag: ${counter}\r\n${rest}\r\n`
    const parts: readonly (readonly [what: string, part: string])[] = [
      ['a line of the head that is not a header field', 'nonsense\r\n\r\nbody'],
      ['invalid Base64', 'Content-Transfer-Encoding: Base64\r\n\r\n%%%'],
      ['a control event that is not JSON', 'Push: gap\r\n\r\nnot JSON'],
      [
        "a publisher's control type that is not JSON",
        'Content-Type: application/vnd.push.message+json\r\n\r\nnot JSON',
      ],
    ]
    const MIXED = { ...EXPOSED, 'content-type': 'Multipart/Mixed; boundary=x' }

    test.for(parts)('a part with %s, by fetchStream', async ([, odd], { script, read }) => {
      const server = await script()
      const open = part(0, 'Push: open\r\n\r\n{"gaps":true}')
      const body = [open, part(1, '\r\none'), part(2, odd), part(3, '\r\ntwo'), '--x\r\n'].join('')
      await server.respond([{ headers: MIXED, hold: true, body }])
      const reader = read(row('fetchStream'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['one', 'invalid invalid-message', 'two'])
      expect((await reader.sees('invalid')).cursor).toBe('5:2')
    })

    test.for(parts)('a part with %s, by longPolling', async ([, odd], { script, read }) => {
      const server = await script()
      const head = { 'last-modified': 'Thu, 01 Jan 1970 00:00:05 GMT', 'push-heartbeat': '30' }
      const body = [part(1, '\r\none'), part(2, odd), part(3, '\r\ntwo'), '--x--\r\n'].join('')
      await server.respond([
        { headers: { ...MIXED, ...head, etag: '3' }, body },
        { status: 304, headers: { ...EXPOSED, ...head, etag: '3' }, delay: 500 },
      ])
      const reader = read(row('longPolling'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['one', 'invalid invalid-message', 'two'])
      expect((await reader.sees('invalid')).cursor).toBe('5:2')
    })

    test("a poll's body with a control type that is not JSON", async ({ script, read }) => {
      const server = await script()
      const head = (etag: string) => ({
        ...EXPOSED,
        'last-modified': 'Thu, 01 Jan 1970 00:00:05 GMT',
        'push-heartbeat': '30',
        etag,
      })
      await server.respond([
        { headers: { ...head('1'), 'content-type': 'application/vnd.push.message+json' }, body: 'not JSON' },
        { headers: { ...head('2'), 'content-type': 'text/plain' }, body: 'two' },
        { status: 304, headers: head('2'), delay: 500 },
      ])
      const reader = read(row('longPolling'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['invalid invalid-message', 'two'])
    })

    test('a published multipart body is one message of Nchan, and cannot forge others', async ({ script, read }) => {
      const server = await script()
      const head = { ...EXPOSED, 'last-modified': 'Thu, 01 Jan 1970 00:00:05 GMT' }
      const forged = `${part(99, '\r\nforged')}--x--\r\n`
      await server.respond([
        { headers: { ...head, etag: '1', 'content-type': 'multipart/mixed; boundary=x' }, body: forged },
        { headers: { ...head, etag: '2', 'content-type': 'text/plain' }, body: 'two' },
        { status: 304, headers: head, delay: 500 },
      ])
      const reader = read(row('longPolling'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('two')
      expect(story(reader.events).filter((event) => !event.startsWith('gap'))).toEqual([forged, 'two'])
    })

    test.for([
      ['not an array', '{"a":1}'],
      ['not JSON', 'nonsense'],
      ['an array without an end', '["x"'],
    ] as const)('a Durable Streams batch that is %s', async ([, odd], { script, read }) => {
      const server = await script()
      const control = (offset: number) => `event: control\ndata: {"streamNextOffset":"${offset}"}\n\n`
      const batch = (json: string, offset: number) => `event: data\ndata: ${json}\n\n${control(offset)}`
      await server.respond([
        { headers: SSE, hold: true, body: batch('["one"]', 1) + batch(odd, 2) + batch('["two"]', 3) },
      ])
      const reader = read(row('sse'), `${server.url}a`, { backend: durableStreams(), ...QUICK })
      await reader.gets('"two"')
      const [first, ...rest] = summary(reader.events)
      expect(first).toBe('"one"')
      expect(rest.filter((event) => event === 'invalid invalid-message')).toHaveLength(1)
      expect(rest.at(-1)).toBe('"two"')
      expect(rest).not.toContain('reconnecting')
    })

    test('the reason of a gap is at most 100 characters long', async ({ script, read }) => {
      const server = await script()
      const gap = `event: push.gap\ndata: {"reason":"${'x'.repeat(5_000)}"}\n\n`
      await server.respond([{ headers: SSE, hold: true, body: `${OPEN}${gap}id: 5:1\ndata: one\n\n` }])
      const reader = read(row('sse'), `${server.url}a`, { backend: nchan(), ...QUICK })
      await reader.gets('one')
      expect((await reader.sees('gap')).reason).toMatch(/^x{1,100}$/)
    })
  })

  describe('a message that is too long is emitted as invalid, and the next one arrives', () => {
    const LONG = 'x'.repeat(1_500)
    const options = (backend: Backend) => ({ backend, maxMessageBytes: 1_000, ...QUICK })

    test.for([
      ['sse', 'an event', { headers: SSE, hold: true, body: `data: ${LONG}\nid: 8\n\nid: 9\ndata: two\n\n` }],
      [
        'sse',
        'an event of many lines',
        {
          headers: SSE,
          hold: true,
          body: `${`data: ${'x'.repeat(98)}\n`.repeat(15)}\nid: 9\ndata: two\n\n`,
        },
      ],
      ['fetchStream', 'a line', { headers: { 'content-type': 'a/b' }, hold: true, body: `${LONG}\ntwo\n` }],
      ['webSocket', 'a frame', { frames: [LONG, 'two'] }],
    ] as const)('%s: %s', async ([name, , answer], { script, read }) => {
      const server = await script()
      await server.respond([answer])
      const reader = read(row(name), `${server.url}a`, options(standard()))
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['invalid message-too-large', 'two'])
    })

    test('a part, with its cursor', async ({ script, read }) => {
      const server = await script()
      const part = (counter: number, body: string) =>
        `--x\r\nLast-Modified: Thu, 01 Jan 1970 00:00:05 GMT\r\nEtag: ${counter}\r\n\r\n${body}\r\n`
      const body = `${part(1, LONG)}${part(2, 'two')}--x\r\n`
      await server.respond([{ headers: { 'content-type': 'multipart/mixed; boundary=x' }, hold: true, body }])
      const reader = read(row('fetchStream'), `${server.url}a`, options(nchan()))
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['invalid message-too-large', 'two'])
      expect((await reader.sees('invalid')).cursor).toBe('5:1')
    })

    test("a poll's body, which is not requested again", async ({ script, read }) => {
      const server = await script()
      const head = (etag: string) => ({ ...EXPOSED, 'content-type': 'text/plain', etag })
      await server.respond([
        { headers: head('"1"'), body: LONG },
        { headers: head('"2"'), body: 'two' },
        { status: 304 },
      ])
      const reader = read(row('polling'), `${server.url}a`, options(standard()))
      await reader.gets('two')
      expect(summary(reader.events)).toEqual(['invalid message-too-large', 'two'])
      const asked = (await server.requests()).filter(({ method }) => method === 'GET')
      expect(asked[1]?.headers['if-none-match']).toBe('"1"')
    })

    test.for([
      ['sse', SSE, `id: 5:7\ndata: ${'x'.repeat(5_000)}`],
      [
        'fetchStream',
        { 'content-type': 'multipart/mixed; boundary=x' },
        `--x\r\nLast-Modified: Thu, 01 Jan 1970 00:00:05 GMT\r\nEtag: 7\r\n\r\n${'x'.repeat(5_000)}`,
      ],
    ] as const)(
      '%s: an endless message ends the connection, and is not requested again',
      async ([name, headers, endless], { script, read }) => {
        const server = await script()
        await server.respond([
          { headers: { ...headers, 'push-heartbeat': '30' }, hold: true, body: endless },
          { status: 503 },
        ])
        const reader = read(row(name), `${server.url}a`, options(nchan()))
        await reader.sees('reconnecting', ({ error }) => error.code === 'unavailable')
        expect((await reader.sees('reconnecting')).error.code).toBe('message-too-large')
        expect((await reader.sees('invalid')).cursor).toBe('5:7')
        expect(reader.count('invalid')).toBe(1)
        const [, second] = (await server.requests()).filter(({ method }) => method === 'GET')
        expect(['/a?last_event_id=5%3A7', '/a?last_event_id=5%3A6']).toContain(second?.url)
      },
    )

    test.for(['sse', 'longPolling', 'fetchStream'] as const)(
      '%s: the error for a rejection with an endless body quotes its beginning',
      async (name, { script, read }) => {
        const server = await script()
        await server.respond([{ status: 404, hold: true, body: 'x'.repeat(100_000) }])
        const { error } = await read(row(name), `${server.url}a`, { backend: standard() }).sees('failed')
        expect([error.code, error.status]).toEqual(['rejected', 404])
        expect(error.message.length).toBeLessThan(400)
      },
    )
  })

  test('a line of an event stream ends at its carriage return, without waiting for the next character', async ({
    script,
    read,
  }) => {
    const server = await script()
    await server.respond([{ headers: SSE, hold: true, body: 'data: one\r\r' }])
    const reader = read(row('sse'), `${server.url}a`, { backend: standard() })
    await reader.gets('one')
    expect(story(reader.events)).toEqual(['one'])
  })

  describe('the error for a wrong backend names the right one', () => {
    test.for(['polling', 'longPolling', 'sse', 'fetchStream'] as const)(
      'standard() on the hub, by %s',
      async (name, { serve, read }) => {
        const server = await serve()
        const reader = read(row(name), `${server.url}a`, { backend: standard(), ...QUICK })
        const { error } = await reader.sees('reconnecting')
        expect(error.code).toBe('unexpected-response')
        expect(error.message).toContain('Use nchan()')
        expect(reader.data).toEqual([])
      },
    )

    test('standard() on the hub, by webSocket, whose rejection a page does not see', async ({ serve, read }) => {
      const server = await serve()
      const reader = read(row('webSocket'), `${server.url}a`, { backend: standard(), ...QUICK })
      expect((await reader.sees('reconnecting')).error.message).toContain('use nchan() for the hub and Nchan')
    })

    test.for([
      ['sse', { headers: SSE, hold: true, body: 'data: one\n\n' }],
      ['longPolling', { headers: { 'content-type': 'text/plain', etag: '"1"' }, body: 'one' }],
    ] as const)('nchan() on a server that needs standard(), by %s', async ([name, answer], { script, read }) => {
      const server = await script()
      await server.respond([answer])
      const reader = read(row(name), `${server.url}a`, { backend: nchan(), ...QUICK })
      const { error } = await reader.sees('reconnecting')
      expect(error.code).toBe('unexpected-response')
      expect(error.message).toContain('Use standard()')
      expect(reader.data).toEqual([])
    })

    test('nchan() on a server that needs standard(), by webSocket', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ status: 400 }])
      const reader = read(row('webSocket'), `${server.url}a`, { backend: nchan(), ...QUICK })
      expect((await reader.sees('reconnecting')).error.message).toContain('use standard()')
    })
  })
}

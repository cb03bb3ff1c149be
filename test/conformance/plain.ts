import { describe, expect, inject } from 'vitest'
import { backoff, defineChannel, nchan, standard, type Technique } from 'pinia-push/observables'
import { readChannel, story, test } from './fixtures.ts'
import { limitAt, type Place } from './limits.ts'

const SSE = { 'content-type': 'text/event-stream' }
const here: Place = { server: 'hub', engine: inject('engine'), technique: 'webSocket' }
const HELD = { headers: SSE, hold: true }

export interface PlainTechniques {
  polling: Technique
  longPolling: Technique
  sse: Technique
  fetchStream: Technique
  webSocket: Technique
}

/** The promises about servers that follow the standards alone. */
export function plainServers(techniques: PlainTechniques) {
  const via = (technique: Technique) => ({
    technique,
    backend: standard(),
    retry: backoff({ initialDelay: 10, maxDelay: 10 }),
  })
  const row = (name: keyof PlainTechniques) => ({ technique: () => techniques[name] })

  describe('an event stream with standard()', () => {
    test('resumes by Last-Event-ID without a gap when every event has an id', async ({ script, read }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: 'id: 7\ndata: one\n\n' },
        { ...HELD, body: 'id: 8\ndata: two\n\n' },
      ])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      await reader.gets('two')
      const [first, second] = await server.requests()
      expect([first?.headers['last-event-id'], second?.headers['last-event-id']]).toEqual([undefined, '7'])
      expect(story(reader.events)).toEqual(['one', 'two'])
    })

    test('resumes from the last id with a gap when later events had none, because they may be repeated', async ({
      script,
      read,
    }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: 'id: 7\ndata: one\n\ndata: two\n\n' },
        { ...HELD, body: 'data: three\n\n' },
      ])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      await reader.gets('three')
      expect((await server.requests())[1]?.headers['last-event-id']).toBe('7')
      expect(story(reader.events)).toEqual(['one', 'two', 'gap not-resumed', 'three'])
    })

    test('treats heartbeat events as heartbeats, not as messages, and emits no gap for them', async ({
      script,
      read,
    }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: 'id: 7\ndata: one\n\nevent: ping\ndata: now\n\n' },
        { headers: SSE, body: 'data: two\n\nevent: ping\nid: 9\ndata: now\n\n' },
        { ...HELD, body: 'data: three\n\n' },
      ])
      const options = { ...via(techniques.sse), backend: standard({ heartbeatEvents: ['ping'] }) }
      const reader = read(row('sse'), `${server.url}a`, options)
      await reader.gets('three')
      const asked = await server.requests()
      expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7', '9'])
      expect(story(reader.events)).toEqual(['one', 'two', 'three'])
    })

    test.for([
      ['an empty id', 'id:\ndata: two\n\n', undefined],
      ['an id without a colon', 'id\ndata: two\n\n', undefined],
      ['an id with a NUL, which is ignored', 'id: 8\0\ndata: two\n\n', '7'],
      ['an id that no header can carry', 'id: 8\fx\ndata: two\n\n', undefined],
      ['an id that ends with a space', 'id: 8 \ndata: two\n\n', undefined],
    ] as const)('emits a gap after %s', async ([, event, resumed], { script, read }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: `id: 7\ndata: one\n\n${event}` },
        { ...HELD, body: 'data: three\n\n' },
      ])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      await reader.gets('three')
      expect((await server.requests())[1]?.headers['last-event-id']).toBe(resumed)
      expect(story(reader.events)).toEqual(['one', 'two', 'gap not-resumed', 'three'])
    })

    // A server that decodes headers as Latin-1, as Node does, sees the bytes of UTF-8.
    // WebKit would encode the id twice, so no id is sent there, and a gap is emitted.
    const sendsBytes = here.engine !== 'webkit'
    test.for([
      ['\u2116-5', '\u00E2\u0084\u0096-5', sendsBytes],
      ['\u00E9-5', '\u00C3\u00A9-5', sendsBytes],
      ['\u{1F600}', '\u00F0\u009F\u0098\u0080', sendsBytes],
      ['a\tb c', 'a\tb c', true],
    ] as const)('sends the id %s in UTF-8, as EventSource does', async ([id, bytes, sent], { script, read }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: `id: ${id}\ndata: one\n\n` },
        { ...HELD, body: 'data: two\n\n' },
      ])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      await reader.gets('two')
      expect((await server.requests())[1]?.headers['last-event-id']).toBe(sent ? bytes : undefined)
      expect(story(reader.events)).toEqual(sent ? ['one', 'two'] : ['one', 'gap not-resumed', 'two'])
    })

    test('resumes from an id without data', async ({ script, read }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: 'id: 7\ndata: one\n\nid: 9\n\n' },
        { headers: SSE, body: 'id: 10\ndata: two\n\nid:\n\n' },
        { ...HELD, body: 'data: three\n\n' },
      ])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      await reader.gets('three')
      const asked = await server.requests()
      expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '9', undefined])
      expect(story(reader.events)).toEqual(['one', 'two', 'gap not-resumed', 'three'])
    })

    describe('of a server that does not resume', () => {
      const all = 'id: 1\ndata: one\n\nid: 2\ndata: two\n\n'

      test('drops repeated messages when it sends its whole history again', async ({ script, read }) => {
        const server = await script()
        await server.respond([
          { headers: SSE, body: all },
          { headers: SSE, body: `${all}id: 3\ndata: three\n\n` },
          { ...HELD, body: `${all}id: 3\ndata: three\n\nid: 4\ndata: four\n\n` },
        ])
        const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
        await reader.gets('four')
        expect(story(reader.events)).toEqual(['one', 'two', 'three', 'four'])
      })

      test('drops repeated messages before the sequence is checked', async ({ script, client }) => {
        const server = await script()
        const numbers = 'id: a\ndata: 1\n\nid: b\ndata: 2\n\n'
        await server.respond([
          { headers: SSE, body: numbers },
          { ...HELD, body: `${numbers}id: c\ndata: 3\n\nid: e\ndata: 5\n\n` },
        ])
        const counts = defineChannel({ url: `${server.url}a`, decode: Number, sequence: (count) => count })
        const reader = readChannel(client(row('sse'), via(techniques.sse)).channel(counts()))
        await reader.sees('message', ({ data }) => data === 5)
        expect(reader.events.flatMap((event) => (event.type === 'gap' ? [event.reason] : []))).toEqual(['sequence'])
        expect(reader.data).toEqual([1, 2, 3, 5])
        reader.leave()
      })

      test('drops the last state when it is repeated, and emits a gap when ids start again', async ({
        script,
        read,
      }) => {
        const server = await script()
        await server.respond([
          { headers: SSE, body: 'id: 1\ndata: one\n\n' },
          { headers: SSE, body: 'id: 1\ndata: one\n\n' },
          { ...HELD, body: 'id: 1\ndata: another one\n\n' },
        ])
        const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
        await reader.gets('another one')
        expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'another one'])
      })
    })

    test('emits a gap before it closes or fails if messages may have been lost since it was open', async ({
      script,
      read,
    }) => {
      for (const [status, last] of [
        [204, 'closed'],
        [404, 'failed'],
      ] as const) {
        const server = await script()
        await server.respond([{ headers: SSE, body: 'data: one\n\ndata: unfinish' }, { status }])
        const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
        await reader.sees(last)
        expect(reader.events.slice(-2).map(({ type }) => type)).toEqual(['gap', last])
      }
    })

    test('reports event names, and waits at least for the time of `retry:`', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ headers: SSE, body: 'retry: 1234\n\nevent: price\ndata: one\n\n' }])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      expect((await reader.sees('message')).event).toBe('price')
      const { delay } = await reader.sees('reconnecting')
      expect([delay >= 1_234, delay <= 1_244]).toEqual([true, true])
    })

    test('is closed by 204, as WHATWG HTML defines', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ status: 204 }])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      expect(await reader.sees('closed')).toEqual({ type: 'closed', by: 'server' })
    })

    test('drops its cursor at 412, and emits a gap', async ({ script, read }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: 'id: 7\ndata: one\n\n' },
        { status: 412 },
        { ...HELD, body: 'id: 9\ndata: two\n\n' },
      ])
      const reader = read(row('sse'), `${server.url}a`, via(techniques.sse))
      await reader.gets('two')
      expect((await server.requests())[2]?.headers['last-event-id']).toBeUndefined()
      expect(story(reader.events)).toEqual(['one', 'gap history-expired', 'two'])
    })

    test('times out when it is silent for longer than the heartbeat of the backend', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ ...HELD, body: ': hi\n\n' }])
      const options = { ...via(techniques.sse), backend: standard({ heartbeat: 100 }), heartbeatGrace: 100 }
      expect((await read(row('sse'), `${server.url}a`, options).sees('reconnecting')).error.code).toBe(
        'heartbeat-timeout',
      )
    })
  })

  describe('an invalid request', () => {
    test.for([
      ['polling', 'X-Name', '\u2116'],
      ['sse', 'X-Name', 'two\nlines'],
      ['fetchStream', 'X Name', 'secret'],
    ] as const)(
      'fails %s at once, and the error names the header %s',
      async ([name, header, value], { script, read }) => {
        const server = await script()
        const prepareRequest = () => ({ headers: { [header]: value } })
        const reader = read(row(name), `${server.url}a`, { ...via(techniques[name]), prepareRequest })
        const { error } = await reader.sees('failed')
        expect([error.code, error.message.includes(header.toLowerCase()), error.message.includes(value)]).toEqual([
          'invalid-request',
          true,
          false,
        ])
        expect([reader.count('reconnecting'), await server.requests()]).toEqual([0, []])
      },
    )
  })

  describe('polls with standard()', () => {
    test.for(['polling', 'longPolling'] as const)(
      '%s emits a state once when a cache repeats it',
      async (name, { script, read }) => {
        const server = await script()
        const head = { 'content-type': 'text/plain', 'access-control-expose-headers': 'ETag' }
        const one = { headers: { ...head, etag: '"1"' }, body: 'one' }
        // Another body with the same validator is another state.
        const two = { headers: { ...head, etag: '"1"' }, body: 'two' }
        await server.respond([one, one, one, two, two, { headers: { ...head, etag: '"2"' }, body: 'three' }])
        const reader = read(row(name), `${server.url}a`, via(techniques[name]))
        await reader.gets('three')
        expect(story(reader.events)).toEqual(['one', 'two', 'three'])
        // A poll that brought nothing new waits. A timer may be a millisecond early.
        const [, second, third] = await server.requests()
        expect((third?.at ?? 0) - (second?.at ?? 0)).toBeGreaterThan(48)
      },
    )

    test.for(['polling', 'longPolling'] as const)(
      '%s emits a state once when several servers give it different validators, and waits in between',
      async (name, { script, read }) => {
        const server = await script()
        const head = { 'content-type': 'text/plain', 'access-control-expose-headers': 'ETag' }
        const of = (etag: string, body = 'one') => ({ headers: { ...head, etag }, body })
        await server.respond([of('"a"'), of('"b"'), of('"a"'), of('"b"'), of('"b2"', 'two')])
        const reader = read(row(name), `${server.url}a`, via(techniques[name]))
        await reader.gets('two')
        expect(story(reader.events)).toEqual(['one', 'two'])
        const asked = await server.requests()
        const named = asked.slice(0, 5).map(({ headers }) => headers['if-none-match'])
        expect(named).toEqual([undefined, '"a"', '"b"', '"a"', '"b"'])
        // A poll that brought nothing new waits. A timer may be a millisecond early.
        const waits = asked.slice(2, 5).map(({ at }, index) => at - (asked[index + 1]?.at ?? 0))
        expect(Math.min(...waits)).toBeGreaterThan(48)
      },
    )

    test('of Nchan emit a message once when a cache repeats it', async ({ script, read }) => {
      const server = await script()
      const at = (counter: number, body: string) => ({
        headers: {
          'content-type': 'text/plain',
          'access-control-expose-headers': 'Last-Modified, ETag',
          'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT',
          etag: String(counter),
        },
        body,
      })
      await server.respond([at(1, 'one'), at(2, 'two'), at(2, 'two'), at(1, 'one'), at(2, 'two'), at(3, 'three')])
      const reader = read(row('polling'), `${server.url}a`, { ...via(techniques.polling), backend: nchan() })
      await reader.gets('three')
      expect(story(reader.events)).toEqual(['one', 'two', 'three'])
    })

    test('do not compare a state with one before a state without a validator', async ({ script, read }) => {
      const server = await script()
      const head = { 'content-type': 'text/plain', 'access-control-expose-headers': 'ETag' }
      await server.respond([
        { headers: { ...head, etag: '"1"' }, body: 'one' },
        { headers: head, body: 'two' },
        { headers: { ...head, etag: '"1"' }, body: 'one' },
        { status: 304 },
      ])
      const reader = read(row('polling'), `${server.url}a`, via(techniques.polling))
      await reader.sees('message', (event) => event.data === 'one' && reader.data.length === 3)
      const asked = await server.requests()
      expect(asked.slice(0, 3).map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', undefined])
      expect(story(reader.events)).toEqual(['one', 'two', 'one'])
    })

    test.for(['polling', 'longPolling'] as const)(
      '%s is conditional, and emits a state once',
      async (name, { script, read }) => {
        const server = await script()
        const text = { 'content-type': 'text/plain', 'access-control-expose-headers': 'ETag' }
        await server.respond([
          { headers: { ...text, etag: '"1"' }, body: 'one' },
          { status: 304, headers: { ...text, etag: '"1"' } },
          { headers: { ...text, etag: '"2"' }, body: 'two' },
          { status: 304, headers: { ...text, etag: '"2"' } },
        ])
        const reader = read(row(name), `${server.url}a`, via(techniques[name]))
        await reader.gets('two')
        const asked = await server.requests()
        expect(asked.slice(0, 3).map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"'])
        expect(story(reader.events)).toEqual(['one', 'two'])
      },
    )

    test('emit a gap after a failure, because states in between are never sent', async ({ script, read }) => {
      const server = await script()
      const head = { 'content-type': 'text/plain', 'access-control-expose-headers': 'ETag' }
      await server.respond([
        { headers: { ...head, etag: '"1"' }, body: 'one' },
        { status: 503 },
        { headers: { ...head, etag: '"2"' }, body: 'two' },
      ])
      const reader = read(row('polling'), `${server.url}a`, via(techniques.polling))
      await reader.gets('two')
      expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'two'])
    })
  })

  describe('an event stream with standard(), by fetchStream', () => {
    test('resumes by Last-Event-ID', async ({ script, read }) => {
      const server = await script()
      await server.respond([
        { headers: SSE, body: 'id: 7\ndata: one\n\n' },
        { ...HELD, body: 'id: 8\ndata: two\n\n' },
      ])
      const reader = read(row('fetchStream'), `${server.url}a`, via(techniques.fetchStream))
      await reader.gets('two')
      expect((await server.requests())[1]?.headers['last-event-id']).toBe('7')
      expect(story(reader.events)).toEqual(['one', 'two'])
    })
  })

  describe('a stream of lines with standard()', () => {
    test('emits each line, and a gap after a reconnect', async ({ script, read }) => {
      const server = await script()
      const headers = { 'content-type': 'application/x-ndjson' }
      await server.respond([
        { headers, body: '{"n":1}\n{"n":2}\n{"half' },
        { headers, body: '{"n":3}\n', hold: true },
      ])
      const reader = read(row('fetchStream'), `${server.url}a`, via(techniques.fetchStream))
      await reader.gets('{"n":3}')
      expect(story(reader.events)).toEqual(['{"n":1}', '{"n":2}', 'gap not-resumed', '{"n":3}'])
    })
  })

  describe('a WebSocket with standard()', () => {
    test('emits each frame, and a gap after a reconnect', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ frames: ['one', 'two'], close: { code: 1_000 } }, { frames: ['three'] }])
      const reader = read(row('webSocket'), `${server.url}a`, via(techniques.webSocket))
      await reader.gets('three')
      expect(story(reader.events)).toEqual(['one', 'two', 'gap not-resumed', 'three'])
    })

    test.for([
      [1_000, 'connection-lost'],
      [1_001, 'connection-lost'],
      [1_002, 'rejected'],
      [1_003, 'rejected'],
      [1_007, 'rejected'],
      [1_008, 'unauthorized'],
      [1_009, 'rejected'],
      [1_010, 'rejected'],
      [1_011, 'connection-lost'],
      [1_012, 'connection-lost'],
      [1_013, 'connection-lost'],
      [1_014, 'connection-lost'],
      [3_000, 'unauthorized'],
      [3_003, 'unauthorized'],
      [3_999, 'connection-lost'],
      [4_000, 'connection-lost'],
      [4_401, 'unauthorized'],
      [4_403, 'unauthorized'],
      [4_999, 'connection-lost'],
    ] as const)('maps close code %i to %s', async ([code, meaning], { script, read }) => {
      const server = await script()
      await server.respond([{ frames: [], close: { code, reason: 'because' } }])
      const reader = read(row('webSocket'), `${server.url}a`, via(techniques.webSocket))
      const { error } = await (meaning === 'rejected' || meaning === 'unauthorized'
        ? reader.sees('failed')
        : reader.sees('reconnecting'))
      // An engine that hides these reports 1006, with the same meaning.
      const hidden = code >= 1_012 && code <= 1_014 && limitAt(here, 'closeCodes') !== undefined
      expect([error.code, error.status, error.message]).toEqual([
        meaning,
        hidden ? 1_006 : code,
        expect.stringContaining(hidden ? '1006' : 'because'),
      ])
    })

    test.for([1_008, 4_401, 4_403])(
      'that is closed by %i reconnects once with a new prepareRequest',
      async (code, { script, read }) => {
        const server = await script()
        await server.respond([{ frames: ['one'], close: { code } }, { frames: ['two'] }])
        let prepared = 0
        const prepareRequest = () => ({ query: { token: String((prepared += 1)) } })
        const reader = read(row('webSocket'), `${server.url}a`, { ...via(techniques.webSocket), prepareRequest })
        await reader.gets('two')
        const asked = await server.requests()
        expect(asked.map(({ url }) => url)).toEqual(['/a?token=1', '/a?token=2'])
        expect(await reader.sees('reconnecting')).toMatchObject({
          delay: 0,
          error: { code: 'unauthorized', status: code },
        })
      },
    )

    test('fails on an application close code that the backend lists as final', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ frames: [], close: { code: 4_001 } }])
      const options = { ...via(techniques.webSocket), backend: standard({ closes: { 4001: 'final' } }) }
      expect((await read(row('webSocket'), `${server.url}a`, options).sees('failed')).error.code).toBe('rejected')
    })

    test('reports the usual causes when the upgrade is rejected', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ status: 403 }])
      const { error } = await read(row('webSocket'), `${server.url}a`, via(techniques.webSocket)).sees('reconnecting')
      expect([error.code, error.status]).toEqual(['network-error', 1_006])
      expect(error.message).toMatch(/rejected the upgrade \(401, 403, 404\).*proxy.*subprotocol/)
    })
  })
}

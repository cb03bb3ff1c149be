import { describe, expect } from 'vitest'
import { backoff, fetchStream, sse, standard, type StreamRequestOptions, type Technique } from 'pinia-push/observables'
import { waitFor } from '../wait-for.ts'
import type { Engine } from './engines.ts'
import { story, test } from './fixtures.ts'

/** The formats of a stream: its technique, its content type, and how it writes a message. */
const FORMATS = [
  ['sse', sse, 'text/event-stream', (data: string) => `data: ${data}\n\n`],
  ['fetchStream', fetchStream, 'application/x-ndjson', (data: string) => `${data}\n`],
] as const satisfies readonly (readonly [
  string,
  (options: StreamRequestOptions) => Technique,
  string,
  (data: string) => string,
])[]

const options = { backend: standard(), retry: backoff({ initialDelay: 10, maxDelay: 10 }) }

/** The promises of a stream that is requested with another method than GET, as language models are. */
export function posted(engine: Engine) {
  describe.for(FORMATS)(`%s by POST, in ${engine}`, ([, create, type, written]) => {
    const headers = { 'content-type': type }
    const whole = (...messages: string[]) => ({ headers, body: messages.map(written).join('') })
    const unfinished = (...messages: string[]) => ({ ...whole(...messages), hold: true })
    const row = (request: StreamRequestOptions = {}) => ({
      technique: () => create({ method: 'POST', body: { ask: 'é' }, ...request }),
    })

    test('sends one request with its body as JSON, and closes at the end of the response', async ({ script, read }) => {
      const server = await script()
      await server.respond([whole('one', 'two')])
      const reader = read(row(), `${server.url}chat`, options)
      await reader.sees('closed')
      expect(story(reader.events)).toEqual(['one', 'two'])
      const asked = await server.requests()
      expect(asked.map(({ method, body, headers: sent }) => [method, body, sent['content-type']])).toEqual([
        ['POST', '{"ask":"é"}', 'application/json'],
      ])
    })

    test('closes at [DONE], which is no message, and leaves the response', async ({ script, read }) => {
      const server = await script()
      await server.respond([unfinished('one', '[DONE]', 'two')])
      const reader = read(row(), `${server.url}chat`, options)
      await reader.sees('closed')
      expect(story(reader.events)).toEqual(['one'])
      await waitFor(async () => expect((await server.requests())[0]?.aborted).toBe(true))
    })

    test('closes after the last message that `end` recognizes', async ({ script, read }) => {
      const server = await script()
      await server.respond([unfinished('{"n":1}', '{"done":true}', '{"n":2}')])
      const end = ({ data }: { data: string }) => (JSON.parse(data) as { done?: boolean }).done === true
      const reader = read(row({ end }), `${server.url}chat`, options)
      await reader.sees('closed')
      expect(story(reader.events)).toEqual(['{"n":1}', '{"done":true}'])
    })

    test('reports a response that ends without its last message', async ({ script, read }) => {
      const server = await script()
      await server.respond([whole('one')])
      const reader = read(row({ end: 'bye' }), `${server.url}chat`, options)
      const { error } = await reader.sees('failed')
      expect([error.code, story(reader.events)]).toEqual(['connection-lost', ['one', 'gap not-resumed']])
      expect(await server.requests()).toHaveLength(1)
    })

    // WebKitGTK reads a response that is cut as a complete one, so that only its last message shows that it is.
    const known = engine === 'webkit' ? { end: '[DONE]' } : {}

    test('reports a response that is cut, and sends no other request', async ({ script, read }) => {
      const server = await script()
      await server.respond([unfinished('one')])
      const reader = read(row(known), `${server.url}chat`, options)
      await reader.gets('one')
      await server.cut()
      const { error } = await reader.sees('failed')
      expect([error.code, story(reader.events)]).toEqual(['connection-lost', ['one', 'gap not-resumed']])
      expect(await server.requests()).toHaveLength(1)
    })

    test('reports a response without a byte', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ headers }])
      const { error } = await read(row(), `${server.url}chat`, options).sees('failed')
      expect(error.code).toBe('connection-lost')
    })

    test('closes at a last message without its line end', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ headers, body: `${written('one')}${written('[DONE]').trimEnd()}` }])
      for (const end of [undefined, '[DONE]', ({ data }: { data: string }) => data === '[DONE]']) {
        const reader = read(row({ end }), `${server.url}chat`, options)
        await reader.sees('closed')
        expect(story(reader.events)).toEqual(typeof end === 'function' ? ['one', '[DONE]'] : ['one'])
      }
    })

    test('loses no rest of a response: a line without an end is one, and an event is cut', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ headers, body: `${written('one')}${written('two').trimEnd()}` }])
      const reader = read(row(), `${server.url}chat`, options)
      const ofLines = create === fetchStream
      await reader.sees(ofLines ? 'closed' : 'failed')
      expect([reader.channel.state.error?.code, ...story(reader.events)]).toEqual(
        ofLines ? [undefined, 'one', 'two'] : ['connection-lost', 'one', 'gap not-resumed'],
      )
    })

    test('fails if `end` throws, and delivers its message', async ({ script, read }) => {
      const server = await script()
      await server.respond([unfinished('one', 'two')])
      const end = ({ data }: { data: string }) => JSON.parse(data) as boolean
      const reader = read(row({ end }), `${server.url}chat`, options)
      const { error } = await reader.sees('failed')
      expect([error.code, error.message]).toEqual(['exception', expect.stringContaining('`end` of ')])
      expect(story(reader.events)).toEqual(['one', 'gap not-resumed'])
    })

    test('asks `end` about no message after the last one', async ({ script, read }) => {
      const server = await script()
      await server.respond([whole('one', 'bye', 'two')])
      const asked: string[] = []
      const end = ({ data }: { data: string }) => asked.push(data) === 2
      await read(row({ end }), `${server.url}chat`, options).sees('closed')
      expect(asked).toEqual(['one', 'bye'])
    })

    test.for([429, 500, 503])('is not repeated after a %d', async (status, { script, read }) => {
      const server = await script()
      await server.respond([{ status, headers: { 'retry-after': '0' } }, whole('one')])
      const reader = read(row(), `${server.url}chat`, options)
      const { error } = await reader.sees('failed')
      expect([error.code, error.status, (await server.requests()).length]).toEqual(['unavailable', status, 1])
    })

    test('is repeated if it is idempotent, with a gap after messages, and resumes nothing', async ({
      script,
      read,
    }) => {
      const server = await script()
      const withId = create === sse ? 'id: 1\n' : ''
      await server.respond([
        { status: 503 },
        { headers, body: `${withId}${written('one')}`, hold: true },
        whole('two', '[DONE]'),
      ])
      const reader = read(row({ ...known, idempotent: true }), `${server.url}chat`, options)
      await reader.gets('one')
      await server.cut()
      await reader.sees('closed')
      expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'two'])
      const asked = await server.requests()
      expect(asked.map(({ body, headers: sent }) => [body, sent['last-event-id']])).toEqual(
        Array.from({ length: 3 }, () => ['{"ask":"é"}', undefined]),
      )
    })

    test('is aborted at the server when its reader leaves', async ({ script, read }) => {
      const server = await script()
      await server.respond([unfinished('one')])
      const reader = read(row(), `${server.url}chat`, { ...options, disconnectDelay: 1e6 })
      await reader.gets('one')
      reader.leave()
      await waitFor(async () => expect((await server.requests())[0]?.aborted).toBe(true))
    })

    test('waits for a server that works longer than `connectTimeout` of the client', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ ...whole('one'), delay: 300 }])
      const reader = read(row(), `${server.url}chat`, { ...options, connectTimeout: 100 })
      await reader.sees('closed')
      expect(story(reader.events)).toEqual(['one'])
    })

    test('fails if the server does not respond within its own `connectTimeout`', async ({ script, read }) => {
      const server = await script()
      await server.respond([{ delay: 1e6 }])
      const reader = read(row({ connectTimeout: 100 }), `${server.url}chat`, options)
      const { error } = await reader.sees('failed')
      expect([error.code, (await server.requests()).length]).toEqual(['connect-timeout', 1])
    })

    test('sends text, forms and bytes unchanged, and asks a function for each body', async ({ script, read }) => {
      const server = await script()
      await server.respond([whole('one')])
      const form = new FormData()
      form.set('ask', 'it')
      const bodies = [
        'it',
        new URLSearchParams({ ask: 'it' }),
        form,
        new TextEncoder().encode('it'),
        () => ({ ask: 1 }),
      ]
      for (const body of bodies) await read(row({ body }), `${server.url}chat`, options).sees('closed')
      const asked = await server.requests()
      expect(
        asked.map(({ body, headers: sent }) => [sent['content-type']?.split(';')[0], body.length > 20 || body]),
      ).toEqual([
        ['text/plain', 'it'],
        ['application/x-www-form-urlencoded', 'ask=it'],
        ['multipart/form-data', true],
        [undefined, 'it'],
        ['application/json', '{"ask":1}'],
      ])
    })

    test('is two requests if two channels of one URL are read', async ({ script, client }) => {
      const server = await script()
      await server.respond([whole('one')])
      const push = client(row(), options)
      const ask = () => push.channel(`${server.url}chat`, { technique: row().technique() })
      const closed = [ask(), ask()].map(
        (channel) =>
          new Promise<void>((resolve) => {
            channel.events$.subscribe(({ type: event }) => event === 'closed' && resolve())
          }),
      )
      await Promise.all(closed)
      expect(await server.requests()).toHaveLength(2)
    })
  })
}

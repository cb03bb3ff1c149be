import { describe, expect } from 'vitest'
import { backoff, fetchStream, longPolling, standard, polling, sse, webSocket, xhrStream } from 'pinia-push/observables'
import { story, test } from './fixtures.ts'
import { oddAnswers } from './misread.ts'

oddAnswers({
  polling: polling({ minInterval: 50 }),
  longPolling: longPolling(),
  sse: sse(),
  fetchStream: fetchStream(),
  webSocket: webSocket(),
})

const SSE = { 'content-type': 'text/event-stream' }
const options = { backend: standard(), retry: backoff({ initialDelay: 10, maxDelay: 10 }) }

describe('EventSource', () => {
  test.for([
    ['where they are asked for', ['error', 'open'], ['one', 'two', 'three']],
    ['where they are not', [], ['three']],
  ] as const)(
    "takes a server's events named `error` and `open` for messages, and its own for none, %s",
    async ([, events, expected], { script, read }) => {
      const server = await script()
      const body = 'event: error\ndata: one\n\nevent: open\ndata: two\n\ndata: three\n\n'
      await server.answers([{ headers: SSE, hold: true, body }])
      const reader = read({ technique: () => sse({ native: true, events }) }, `${server.url}a`, options)
      await reader.gets('three')
      expect([story(reader.events), reader.count('invalid'), reader.count('open')]).toEqual([[...expected], 0, 1])
      expect(await server.requests()).toHaveLength(1)
    },
  )

  test('that fails after such an event is told as lost', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ headers: SSE, body: 'event: error\ndata: one\n\n' }])
    const reader = read({ technique: () => sse({ native: true, events: ['error'] }) }, `${server.url}a`, options)
    expect((await reader.sees('reconnecting')).error.code).toBe('connection-lost')
    expect(reader.data).toEqual(['one'])
    reader.leave()
  })

  test('says of the hub that standard() does not speak its protocol', async ({ serve, read }) => {
    const server = await serve()
    const reader = read({ technique: () => sse({ native: true }) }, `${server.url}a`, options)
    expect((await reader.sees('reconnecting')).error.message).toContain('Use nchan()')
    reader.leave()
  })
})

describe('XMLHttpRequest', () => {
  const row = { technique: () => xhrStream() }

  test('compares media types whole and without case', async ({ script, read }) => {
    const server = await script()
    const headers = { 'content-type': 'Text/Event-Stream', 'x-content-type-options': 'nosniff' }
    await server.answers([{ headers, hold: true, body: 'data: one\n\n' }])
    await read(row, `${server.url}a`, options).gets('one')
  })

  test('says at once that a page is not a stream, however long the page is', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ headers: { 'content-type': 'text/html' }, hold: true, body: '<h1>Log in</h1>' }])
    const { error } = await read(row, `${server.url}a`, options).sees('reconnecting')
    expect([error.code, error.message]).toEqual(['unexpected-response', expect.stringContaining('text/html')])
  })

  test("adds to a URL's query, and leaves the rest as it is", async ({ script, read }) => {
    const server = await script()
    await server.answers([{ headers: { 'content-type': 'a/b' }, hold: true, body: 'one\n' }])
    await read(row, `${server.url}x?q=a%20b&t=urn:x~y&flag&f=(a)*!#part`, options).gets('one')
    expect((await server.requests())[0]?.url).toMatch(/^\/x\?q=a%20b&t=urn:x~y&flag&f=\(a\)\*!&_=[\w.-]+$/)
  })

  test("tells a refusal whose body has no end by the body's beginning", async ({ script, read }) => {
    const server = await script()
    await server.answers([{ status: 404, hold: true, body: 'x'.repeat(100_000) }])
    expect((await read(row, `${server.url}a`, options).sees('failed')).error.status).toBe(404)
  })

  test('keeps no more of a message without an end than it may be long', async ({ script, read }) => {
    const server = await script()
    await server.answers([{ headers: { 'content-type': 'a/b' }, hold: true, body: 'x'.repeat(5_000) }])
    const reader = read(row, `${server.url}a`, { ...options, maxMessageBytes: 1_000 })
    expect((await reader.sees('reconnecting')).error.code).toBe('message-too-large')
    expect((await reader.sees('invalid')).error.code).toBe('message-too-large')
  })
})

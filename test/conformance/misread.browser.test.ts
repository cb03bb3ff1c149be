import { describe, expect } from 'vitest'
import { backoff, fetchStream, longPolling, standard, polling, sse, webSocket, xhrStream } from 'pinia-push/observables'
import { story, test } from './fixtures.ts'
import { malformedResponses } from './misread.ts'

malformedResponses({
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
    ['when `events` lists them', ['error', 'open'], ['one', 'two', 'three']],
    ['when it does not', [], ['three']],
  ] as const)(
    "treats a server's events named `error` and `open` as messages, and its own as states, %s",
    async ([, events, expected], { script, read }) => {
      const server = await script()
      const body = 'event: error\ndata: one\n\nevent: open\ndata: two\n\ndata: three\n\n'
      await server.respond([{ headers: SSE, hold: true, body }])
      const reader = read({ technique: () => sse({ native: true, events }) }, `${server.url}a`, options)
      await reader.gets('three')
      expect([story(reader.events), reader.count('invalid'), reader.count('open')]).toEqual([[...expected], 0, 1])
      expect(await server.requests()).toHaveLength(1)
    },
  )

  test('reports a lost connection when it fails after such an event', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ headers: SSE, body: 'event: error\ndata: one\n\n' }])
    const reader = read({ technique: () => sse({ native: true, events: ['error'] }) }, `${server.url}a`, options)
    expect((await reader.sees('reconnecting')).error.code).toBe('connection-lost')
    expect(reader.data).toEqual(['one'])
    reader.leave()
  })

  test('reports that standard() is the wrong backend for the hub', async ({ serve, read }) => {
    const server = await serve()
    const reader = read({ technique: () => sse({ native: true }) }, `${server.url}a`, options)
    expect((await reader.sees('reconnecting')).error.message).toContain('Use nchan()')
    reader.leave()
  })
})

describe('XMLHttpRequest', () => {
  const row = { technique: () => xhrStream() }

  test('compares media types as a whole and without case', async ({ script, read }) => {
    const server = await script()
    const headers = { 'content-type': 'Text/Event-Stream', 'x-content-type-options': 'nosniff' }
    await server.respond([{ headers, hold: true, body: 'data: one\n\n' }])
    await read(row, `${server.url}a`, options).gets('one')
  })

  test('reports at once that a page is not a stream, however long the page is', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ headers: { 'content-type': 'text/html' }, hold: true, body: '<h1>Log in</h1>' }])
    const { error } = await read(row, `${server.url}a`, options).sees('reconnecting')
    expect([error.code, error.message]).toEqual(['unexpected-response', expect.stringContaining('text/html')])
  })

  test("adds to a URL's query, and keeps the rest", async ({ script, read }) => {
    const server = await script()
    await server.respond([{ headers: { 'content-type': 'a/b' }, hold: true, body: 'one\n' }])
    await read(row, `${server.url}x?q=a%20b&t=urn:x~y&flag&f=(a)*!#part`, options).gets('one')
    expect((await server.requests())[0]?.url).toMatch(/^\/x\?q=a%20b&t=urn:x~y&flag&f=\(a\)\*!&_=[\w.-]+$/)
  })

  test('reports a rejection with an endless body by its beginning', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ status: 404, hold: true, body: 'x'.repeat(100_000) }])
    expect((await read(row, `${server.url}a`, options).sees('failed')).error.status).toBe(404)
  })

  test('keeps no more of an endless message than `maxMessageBytes`', async ({ script, read }) => {
    const server = await script()
    await server.respond([{ headers: { 'content-type': 'a/b' }, hold: true, body: 'x'.repeat(5_000) }])
    const reader = read(row, `${server.url}a`, { ...options, maxMessageBytes: 1_000 })
    expect((await reader.sees('reconnecting')).error.code).toBe('message-too-large')
    expect((await reader.sees('invalid')).error.code).toBe('message-too-large')
  })
})

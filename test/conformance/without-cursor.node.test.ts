import { describe, expect } from 'vitest'
import { backoff, standard, polling, sse } from 'pinia-push/observables'
import { story, test } from './fixtures.ts'

const SSE = { 'content-type': 'text/event-stream' }
const HELD = { headers: SSE, hold: true }
const row = { technique: () => sse() }
const options = { backend: standard(), retry: backoff({ initialDelay: 10, maxDelay: 10 }) }

// In Node, because a browser repeats a request that was cut by itself.
describe('a request that fails because of its cursor', () => {
  test('in two attempts is sent without it, and a gap is emitted', async ({ script, read }) => {
    const server = await script()
    await server.respond([
      { headers: SSE, body: 'id: 7\ndata: one\n\n' },
      { cut: '' },
      HELD,
      { cut: '' },
      { cut: '' },
      HELD,
      { cut: '' },
      { headers: SSE, body: 'id: 8\ndata: two\n\n' },
      { ...HELD, body: 'id: 9\ndata: three\n\n' },
    ])
    const reader = read(row, `${server.url}a`, options)
    await reader.gets('three')
    const asked = await server.requests()
    const [first, ...retries] = asked.map(({ headers }) => headers['last-event-id'])
    expect([first, retries]).toEqual([undefined, ['7', undefined, '7', '7', undefined, '7', undefined, undefined]])
    expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'two', 'gap not-resumed', 'three'])
  })

  test.for([400, 431])('and gets a %d is sent without it, after a gap', async (status, { script, read }) => {
    const server = await script()
    await server.respond([
      { headers: SSE, body: 'id: 7\ndata: one\n\n' },
      { status },
      { ...HELD, body: 'id: 8\ndata: two\n\n' },
    ])
    const reader = read(row, `${server.url}a`, options)
    await reader.gets('two')
    const asked = await server.requests()
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7', undefined])
    expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'two'])
  })

  // Long enough for a request to get its response on a busy machine.
  const connectTimeout = 2_000
  const NONE = { delay: 1e6 }

  test('and times out in two attempts is sent without it, after a gap', async ({ script, read }) => {
    const server = await script()
    await server.respond([
      { headers: SSE, body: 'id: 7\ndata: one\n\n' },
      NONE,
      HELD,
      NONE,
      NONE,
      HELD,
      NONE,
      { ...HELD, body: 'id: 8\ndata: two\n\n' },
    ])
    const reader = read(row, `${server.url}a`, { ...options, connectTimeout })
    await reader.gets('two')
    const asked = await server.requests()
    const [first, ...retries] = asked.map(({ headers }) => headers['last-event-id'])
    expect([first, retries]).toEqual([undefined, ['7', undefined, '7', '7', undefined, '7', undefined]])
    expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'two'])
  })

  test.for([
    ['times out', NONE, NONE],
    ['times out, and is then cut', NONE, { cut: '' }],
    ['is cut, and then times out', { cut: '' }, NONE],
    ['is cut', { cut: '' }, { cut: '' }],
  ] as const)('in one attempt keeps it: a request that %s', async ([, first, second], { script, read }) => {
    const server = await script()
    await server.respond([
      { headers: SSE, body: 'id: 7\ndata: one\n\n' },
      first,
      HELD,
      second,
      { ...HELD, body: 'id: 8\ndata: two\n\n' },
    ])
    const reader = read(row, `${server.url}a`, { ...options, connectTimeout })
    await reader.gets('two')
    const asked = await server.requests()
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7', undefined, '7', '7'])
    expect(story(reader.events)).toEqual(['one', 'two'])
  })

  test('is a poll without its validator if the server rejects the validator', async ({ script, read }) => {
    const server = await script()
    const TEXT = { 'content-type': 'text/plain' }
    await server.respond([
      { headers: { ...TEXT, etag: '"1"' }, body: 'one' },
      { status: 400 },
      { headers: { ...TEXT, etag: '"2"' }, body: 'two' },
      { headers: { ...TEXT, etag: '"3"' }, body: 'three' },
      { status: 304 },
    ])
    const reader = read({ technique: () => polling({ minInterval: 10 }) }, `${server.url}a`, options)
    await reader.gets('three')
    const asked = await server.requests()
    expect(asked.slice(0, 4).map(({ headers }) => headers['if-none-match'])).toEqual([
      undefined,
      '"1"',
      undefined,
      undefined,
    ])
  })

  test('has it again after an outage', async ({ script, read }) => {
    const server = await script()
    await server.respond([
      { headers: SSE, body: 'id: 7\ndata: one\n\n' },
      { cut: '' },
      { cut: '' },
      { ...HELD, body: 'id: 8\ndata: two\n\n' },
    ])
    const reader = read(row, `${server.url}a`, options)
    await reader.gets('two')
    const asked = await server.requests()
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '7', undefined, '7'])
    expect(story(reader.events)).toEqual(['one', 'two'])
  })
})

import { describe, expect } from 'vitest'
import { backoff, fetchStream, standard, polling, sse, xhrStream } from 'pinia-push/observables'
import { story, test } from './fixtures.ts'

const EVENTS = { 'content-type': 'text/event-stream', 'x-content-type-options': 'nosniff' }

/** A page of another origin, and a server that allows every origin and rejects preflights. */
describe('a server of another origin that rejects preflights', () => {
  const options = { backend: standard(), retry: backoff({ initialDelay: 10, maxDelay: 10 }) }

  test.for([
    ['sse', sse()],
    ['fetchStream', fetchStream()],
    ['xhrStream', xhrStream()],
  ] as const)('is read by %s, with a gap at each reconnect', async ([, technique], { script, read }) => {
    const server = await script()
    await server.preflights(405)
    await server.respond([
      { headers: EVENTS, body: 'id: 7\ndata: one\n\n' },
      // The responses to two requests without a cursor, which show that the cursor was the cause.
      { headers: EVENTS, hold: true, body: ': here\n\n' },
      { headers: EVENTS, hold: true, body: ': here\n\n' },
      { headers: EVENTS, body: 'id: 8\ndata: two\n\n' },
      { headers: EVENTS, hold: true, body: 'id: 9\ndata: three\n\n' },
    ])
    const reader = read({ technique: () => technique }, `${server.url}a`, { ...options, technique })
    await reader.gets('three')
    expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'two', 'gap not-resumed', 'three'])
    const asked = await server.requests()
    expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual(Array.from({ length: 5 }, () => undefined))
  })

  test.for([
    ['Last-Modified', 'Wed, 21 Oct 2015 07:28:00 GMT'],
    ['ETag', '"1"'],
  ] as const)('is polled when it sends %s, and emits a state once', async ([name, value], { script, read }) => {
    const server = await script()
    await server.preflights(405)
    const headers = { 'content-type': 'text/plain', 'access-control-expose-headers': name, [name]: value }
    const one = { headers, body: 'one' }
    const two = { headers: { ...headers, [name]: value.replace('1', '2') }, body: 'two' }
    await server.respond([one, one, one, one, one, one, two])
    const technique = polling({ minInterval: 20, maxInterval: 20 })
    const reader = read({ technique: () => technique }, `${server.url}a`, { ...options, technique })
    await reader.gets('two')
    const asked = await server.requests()
    expect(asked.filter((request) => request.headers['if-none-match'] ?? request.headers['if-modified-since'])).toEqual(
      [],
    )
    expect(story(reader.events)).toEqual(['one', 'gap not-resumed', 'one', 'two'])
    expect(reader.count('reconnecting')).toBe(2)
  })
})

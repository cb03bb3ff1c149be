import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuthorizeRequest } from '../../src/hub/index.ts'
import { guards } from '../servers/guard.ts'
import { plain } from '../servers/nginx-config.ts'
import { startNginx, type Nginx } from '../servers/nginx.ts'
import { exchange, LAST, request } from './raw.ts'

const ORIGIN = 'https://app.example.com'

/** Where pages read only, and where they send too. */
const KINDS = ['reading', 'sending'] as const
const nodes = new Map<string, Nginx>()
let asked: AuthorizeRequest[] = []
beforeAll(async () => {
  const guard = guards((question) => {
    asked.push(question)
    return !question.query.has('no')
  })
  for (const kind of KINDS) {
    const changes = (port: number) => [
      plain(port),
      ['push/channels.conf', 'push/reading.conf', `push/${kind}.conf`] as const,
    ]
    nodes.set(kind, await startNginx({ guard: guard.start, changes }))
  }
})
// Throws where a worker had died.
afterAll(async () => {
  for (const node of nodes.values()) await node.stop()
})

/** Sends bytes, then `LAST`. Gives the statuses in the order of the replies, and the channels that were asked about. */
async function send(kind: string, bytes: string, listener: 'port' | 'publisherPort' = 'port') {
  const node = nodes.get(kind)
  if (!node) throw new Error(`no node is for ${kind}`)
  asked = []
  const replies = await exchange(connect(node[listener], '127.0.0.1'), bytes + LAST)
  return { statuses: replies.map(({ status }) => status), channels: asked.map(({ channel }) => channel) }
}

/** A request that nobody sent: it is the body of another. */
const HIDDEN = request('GET /push/hidden?wait=0')
const length = (text: string) => `Content-Length: ${text.length}`
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`

const UPGRADE = [
  'Connection: upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const WAYS: Record<string, { query: string; headers?: string[] }> = {
  stream: { query: '', headers: ['Accept: text/event-stream'] },
  WebSocket: { query: '', headers: UPGRADE },
  poll: { query: 'wait=0' },
  'long poll': { query: '' },
  frame: { query: `frame=word1234&frame_parent=${encodeURIComponent(ORIGIN)}` },
}

const bodies = KINDS.flatMap((kind) => Object.entries(WAYS).map(([name, way]) => ({ kind, name, ...way })))

/** What a head says twice, in two ways or wrongly, and the status that ends the connection. */
const MALFORMED: Record<string, [bytes: string, status: number]> = {
  'a length and chunks': [
    request('POST /push/a', 'Content-Length: 6', 'Transfer-Encoding: chunked') + `0\r\n\r\n${HIDDEN}`,
    400,
  ],
  'chunks and a length': [
    request('POST /push/a', 'Transfer-Encoding: chunked', 'Content-Length: 4') + chunked(HIDDEN),
    400,
  ],
  'two lengths': [request('POST /push/a', 'Content-Length: 0', length(HIDDEN)) + HIDDEN, 400],
  'one length twice': [request('POST /push/a', length(HIDDEN), length(HIDDEN)) + HIDDEN, 400],
  'a list of lengths': [request('POST /push/a', `Content-Length: 0, ${HIDDEN.length}`) + HIDDEN, 400],
  'a signed length': [request('POST /push/a', `Content-Length: +${HIDDEN.length}`) + HIDDEN, 400],
  'a negative length': [request('POST /push/a', 'Content-Length: -1') + HIDDEN, 400],
  'a length in hexadecimal': [request('POST /push/a', 'Content-Length: 0x10') + HIDDEN, 400],
  'a length above 2^63': [request('POST /push/a', 'Content-Length: 9223372036854775808') + HIDDEN, 400],
  'two codings': [
    request('POST /push/a', 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + chunked(HIDDEN),
    400,
  ],
  'a list of codings': [request('POST /push/a', 'Transfer-Encoding: chunked, identity') + chunked(HIDDEN), 501],
  'an unknown coding': [request('POST /push/a', 'Transfer-Encoding: xchunked') + chunked(HIDDEN), 501],
  'a coding with a tab': [request('POST /push/a', 'Transfer-Encoding:\x0bchunked') + chunked(HIDDEN), 501],
  'a space before the colon': [request('POST /push/a', 'Transfer-Encoding : chunked') + chunked(HIDDEN), 400],
  'a folded line': [request('GET /push/a?wait=0', 'X-A: b', ' Content-Length: 5') + HIDDEN, 400],
  'a NUL in a header': [request('GET /push/a?wait=0', 'X-A: \0') + HIDDEN, 400],
  'a carriage return in a header': [request('GET /push/a?wait=0', 'X-A: b\rX-Address: 203.0.113.7') + HIDDEN, 400],
  'two hosts': [request('GET /push/a?wait=0', 'Host: other.test') + HIDDEN, 400],
  'no host': ['GET /push/a?wait=0 HTTP/1.1\r\n\r\n' + HIDDEN, 400],
  'a space in the target': [request('GET /push/a b?wait=0') + HIDDEN, 400],
  'chunks in HTTP/1.0': ['POST /push/a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n' + chunked(HIDDEN), 400],
  'HTTP/2.0 in a request line': ['GET /push/a HTTP/2.0\r\nHost: push.test\r\n\r\n' + HIDDEN, 505],
  'a header of 9 kB': [request('GET /push/a?wait=0', `X-A: ${'x'.repeat(9_000)}`) + HIDDEN, 400],
  'a head of 40 kB': [
    request('GET /push/a?wait=0', ...Array.from({ length: 6 }, () => `X-A: ${'x'.repeat(7_000)}`)) + HIDDEN,
    400,
  ],
  'a target of 9 kB': [request(`GET /push/a?wait=0&${'x'.repeat(9_000)}`) + HIDDEN, 414],
}
const malformed = KINDS.flatMap((kind) =>
  Object.entries(MALFORMED).map(([name, [bytes, status]]) => ({ kind, name, bytes, status })),
)
const METHODS = ['HEAD', 'PUT', 'PATCH', 'PROPFIND', 'SEARCH', 'MKCOL']

describe('the next request on a connection', () => {
  test.each(bodies)('is not the body of this one, by $name with $kind.conf', async ({ kind, query, headers = [] }) => {
    for (const sent of [
      request(`GET /push/a?${query}`, ...headers, length(HIDDEN)) + HIDDEN,
      request(`GET /push/a?${query}&no`, ...headers, length(HIDDEN)) + HIDDEN,
      request(`GET /push/a?${query}`, ...headers, 'Transfer-Encoding: chunked') + chunked(HIDDEN),
    ])
      // The connection ends with the refusal, so that there is no reply to `LAST`.
      expect(await send(kind, sent)).toEqual({ statuses: [400], channels: [] })
  })

  test.each(malformed)('is not read after $name, with $kind.conf', async ({ kind, bytes, status }) => {
    expect(await send(kind, bytes)).toEqual({ statuses: [status], channels: [] })
  })

  test.each(METHODS)('is not the body of a %s', async (method) => {
    for (const kind of KINDS) {
      expect(await send(kind, request(`${method} /push/a`, length(HIDDEN)) + HIDDEN)).toEqual({
        statuses: [400],
        channels: [],
      })
      const alone = request(`${method} /push/a`, 'X-HTTP-Method-Override: GET', 'Connection: close')
      expect(await send(kind, alone)).toEqual({ statuses: [405], channels: [] })
    }
  })

  test('is not the body of a rejected or published POST', async () => {
    const posts = [
      request('POST /push/a', length(HIDDEN)) + HIDDEN,
      request('POST /push/a?no', length(HIDDEN)) + HIDDEN,
    ]
    expect(await send('reading', posts.join(''))).toEqual({ statuses: [403, 403, 404], channels: [] })
    expect(await send('sending', posts.join(''))).toEqual({ statuses: [202, 403, 404], channels: ['a', 'a'] })
    const extended = `1;${'x'.repeat(3_000)}=y\r\nz\r\n0\r\nX-Trailer: ${'x'.repeat(50)}\r\n\r\n`
    const chunks = request('POST /push/b', 'Transfer-Encoding: chunked') + extended
    expect(await send('reading', chunks)).toEqual({ statuses: [403, 404], channels: [] })
    expect(await send('sending', chunks)).toEqual({ statuses: [202, 404], channels: ['b'] })
  })

  test('is not the body of a request of the backend', async () => {
    const hidden = request('POST /channels/hidden', 'Content-Length: 0')
    for (const method of ['GET', 'OPTIONS', 'PUT']) {
      const sent = request(`${method} /channels/a`, length(hidden)) + hidden
      expect(await send('reading', sent, 'publisherPort')).toEqual({ statuses: [400], channels: [] })
    }
  })

  test('gets its own response if it is pipelined, in order, also after a rejected one', async () => {
    const pipelined = ['a?wait=0&no', 'b?wait=0', 'c?wait=0&no', 'd?wait=0'].map((path) => request(`GET /push/${path}`))
    expect(await send('reading', pipelined.join(''))).toEqual({
      statuses: [403, 200, 403, 200, 404],
      channels: ['a', 'b', 'c', 'd'],
    })
  })

  test('is authorized by itself, whatever host the target names', async () => {
    const absolute = 'GET http://127.0.0.1:8080/push/a?wait=0 HTTP/1.1\r\nHost: push.test\r\n\r\n'
    expect(await send('reading', absolute)).toEqual({ statuses: [200, 404], channels: ['a'] })
    expect(await send('reading', 'GET /push/a?wait=0 HTTP/1.0\r\n\r\n')).toEqual({ statuses: [200], channels: ['a'] })
  })
})

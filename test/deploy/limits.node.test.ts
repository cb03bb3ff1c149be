import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guards } from '../servers/guard.ts'
import type { Change } from '../servers/deployed.ts'
import { startNginx, type Nginx } from '../servers/nginx.ts'
import { exchange, headOf, request } from './raw.ts'

/** Small, so that a test reaches them. */
const STREAMS = 3
const BURST = 100

/** A node behind a proxy at 127.0.0.9, which says the client's address in the PROXY protocol or in a header. */
const PROXY = '127.0.0.9'
const proxied: Change[] = [
  ['nginx.conf', '# include push/proxied.conf;', 'include push/proxied.conf;'],
  ['push/proxied.conf', '10.0.0.1', PROXY],
]
const KINDS: Record<string, readonly Change[]> = {
  alone: [],
  'behind a proxy': proxied,
  'behind a proxy of the PROXY protocol': [
    ...proxied,
    ['push/proxied.conf', 'real_ip_header X-Forwarded-For;', 'real_ip_header proxy_protocol;'],
    ['nginx.conf', ';#public', ' proxy_protocol;'],
  ],
  'behind a proxy of this machine': [
    ['nginx.conf', 'http {', 'http { set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;'],
  ],
}

const nodes = new Map<string, Nginx>()
let addresses: string[] = []
beforeAll(async () => {
  const guard = guards(({ clientIp }) => addresses.push(clientIp) > 0)
  const startOne = async ([kind, changes]: [string, readonly Change[]]) => {
    const node = await startNginx({
      guard: guard.start,
      changes: (port) => [
        ['nginx.conf', '    include push/tls.conf;', `listen 127.0.0.1:${port};#public\n`],
        ['nginx.conf', 'push_readers 1000', `push_readers ${STREAMS}`],
        ['nginx.conf', 'burst=1000', `burst=${BURST}`],
        ['push/limits.conf', 'rate=200r/s', 'rate=1r/s'],
        ['push/limits.conf', 'timeout 10s', 'timeout 1s'],
        ['push/limits.conf', 'send_timeout 15s', 'send_timeout 1s'],
        ...(kind === 'alone' ? [['push/channels.conf', 'push/reading.conf', 'push/sending.conf'] as const] : []),
        ...changes,
      ],
    })
    nodes.set(kind, node)
  }
  await Promise.all(Object.entries(KINDS).map(startOne))
})
afterAll(async () => {
  for (const node of nodes.values()) await node.stop()
})

const from = (address: string, kind = 'alone') => {
  const { port } = nodes.get(kind) ?? {}
  if (port === undefined) throw new Error(`no node is ${kind}`)
  return connect({ port, host: '127.0.0.1', localAddress: address })
}
const STREAM = request('GET /push/a', 'Accept: text/event-stream')

const STREAMS_OF = {
  events: ['', 'Accept: text/event-stream'],
  multipart: ['', 'Accept: multipart/mixed'],
  WebSocket: [
    '',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ],
  frame: [`frame=word1234&frame_parent=${encodeURIComponent('https://app.example.com')}`],
} satisfies Record<string, [query: string, ...headers: string[]]>

/** Opens a stream, which is held until it is left. */
async function stream(address: string, { kind = 'alone', before = '', sent = STREAM } = {}) {
  const socket = from(address, kind)
  const { status } = await headOf(socket, before + sent)
  return { status, leave: () => socket.destroy() }
}
async function streams(count: number, open: (n: number) => ReturnType<typeof stream>) {
  const opened = []
  for (let n = 0; n < count; n += 1) opened.push(await open(n))
  for (const { leave } of opened) leave()
  return opened.map(({ status }) => status)
}

describe('one address', () => {
  test('has a limited number of streams: one more gets a 429 until another one closes', async () => {
    const opened = []
    for (let n = 0; n <= STREAMS; n += 1) opened.push(await stream('127.0.0.2'))
    expect(opened.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    // Another is not concerned.
    expect((await stream('127.0.0.3')).status).toBe(200)
    for (const { leave } of opened) leave()
    await expect.poll(async () => (await streams(1, () => stream('127.0.0.2')))[0]).toBe(200)
  })

  test('has a limited rate of requests: one more gets a 429; another address is not affected', async () => {
    const poll = async (address: string) =>
      (await exchange(from(address), request('GET /push/b?wait=0', 'Connection: close')))[0]?.status
    const answers = new Set(await Promise.all(Array.from({ length: 3 * BURST }, () => poll('127.0.0.4'))))
    expect(answers).toEqual(new Set([200, 429]))
    expect(await poll('127.0.0.5')).toBe(200)
  })

  test.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded'])(
    'does not count as several with %s if no proxy is trusted',
    async (header) => {
      const statuses = await streams(STREAMS + 1, (n) =>
        stream('127.0.0.6', { sent: request('GET /push/a', 'Accept: text/event-stream', `${header}: 203.0.113.${n}`) }),
      )
      expect(statuses.at(-1)).toBe(429)
      await expect.poll(async () => (await streams(1, () => stream('127.0.0.6')))[0]).toBe(200)
    },
  )
})

describe('a forwarded address', () => {
  const says = (list: string) => request('GET /push/a', 'Accept: text/event-stream', `X-Forwarded-For: ${list}`)
  const kind = 'behind a proxy'

  test('counts if the proxy is trusted: the last one that is not its own', async () => {
    addresses = []
    await streams(3, (n) =>
      stream(PROXY, {
        kind,
        sent: says(['203.0.113.1', '198.51.100.1, 203.0.113.2', `203.0.113.3, ${PROXY}`][n] ?? ''),
      }),
    )
    expect(addresses).toEqual(['203.0.113.1', '203.0.113.2', '203.0.113.3'])
  })

  test('does not count if an untrusted client sends it, or if it is not an address', async () => {
    addresses = []
    await streams(2, (n) => stream(n ? PROXY : '127.0.0.2', { kind, sent: says(n ? 'nobody' : '203.0.113.1') }))
    expect(addresses).toEqual(['127.0.0.2', PROXY])
  })

  // One machine has the whole of its network, so that its addresses are one.
  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:3::1'],
    ['2001:db8::1', '2001:db8::2:3', '2001:db8:0:1::1'],
    ['2001::3:4:5:6:7', '2001::3:ffff:5:6:7', '2001::4:4:5:6:7'],
    ['::1', '::2:3:4', '::1:2:3:4:5'],
  ])('counts by its network if it is IPv6: %s and %s count as one, and %s as another', async (one, same, other) => {
    const opened = []
    for (let n = 0; n < STREAMS; n += 1) opened.push(await stream(PROXY, { kind, sent: says(n % 2 ? one : same) }))
    expect((await stream(PROXY, { kind, sent: says(one) })).status).toBe(429)
    expect((await stream(PROXY, { kind, sent: says(other) })).status).toBe(200)
    for (const { leave } of opened) leave()
  })

  test('counts for a forever frame too, if the proxy runs on the same machine as nginx', async () => {
    addresses = []
    const kind = 'behind a proxy of this machine'
    const frame = `GET /push/a?frame=word1234&frame_parent=${encodeURIComponent('https://app.example.com')}`
    const { status } = await stream('127.0.0.1', { kind, sent: request(frame, 'X-Forwarded-For: 203.0.113.1') })
    expect([status, addresses]).toEqual([200, ['203.0.113.1']])
  })

  test('counts by the PROXY protocol too, only from that proxy', async () => {
    addresses = []
    const kind = 'behind a proxy of the PROXY protocol'
    const before = 'PROXY TCP4 203.0.113.9 127.0.0.1 1000 443\r\n'
    await stream(PROXY, { kind, before })
    await stream('127.0.0.2', { kind, before })
    expect(addresses).toEqual(['203.0.113.9', '127.0.0.2'])
  })
})

describe('a slow client', () => {
  test.each(['a byte now and then', 'nothing'])(
    'is disconnected if its head does not end: it sends %s',
    async (what) => {
      const socket = from('127.0.0.7')
      const head = 'GET /push/a HTTP/1.1\r\nHost: push.test\r\nX-Slow: '
      const drip = setInterval(() => what === 'nothing' || socket.write('x'), 100)
      // Nothing is answered, or 408.
      const replies = await exchange(socket, head)
      clearInterval(drip)
      expect(replies.map(({ status }) => status).filter((status) => status !== 408)).toEqual([])
    },
  )

  test('is disconnected if its body stops', async () => {
    const replies = await exchange(from('127.0.0.7'), `${request('POST /push/a', 'Content-Length: 10')}half`)
    expect(replies.map(({ status }) => status).filter((status) => status !== 408)).toEqual([])
  })

  test.each(Object.entries(STREAMS_OF))(
    'is disconnected if it does not read: by %s',
    async (way, [query, ...headers]) => {
      const { publisherPort = 0 } = nodes.get('alone') ?? {}
      const at = `http://127.0.0.1:${publisherPort}/channels/unread.${way}`
      const subscribers = async () =>
        ((await (await fetch(at, { headers: { accept: 'text/json' } })).json()) as { subscribers: number }).subscribers
      const socket = from('127.0.0.8').on('error', () => {})
      socket.pause().write(request(`GET /push/unread.${way}?${query}`, ...headers))
      await expect.poll(subscribers).toBe(1)
      // More than the buffers of the kernel hold.
      for (let n = 0; n < 40; n += 1) await (await fetch(at, { method: 'POST', body: 'x'.repeat(500_000) })).text()
      await expect.poll(subscribers).toBe(0)
      socket.destroy()
    },
  )
})

describe('a page that sends', () => {
  test('cannot set how much history others can read', async () => {
    for (const body of ['1', '2', '3'])
      await headOf(from('127.0.0.8'), request('POST /push/kept?keep=1', `Content-Length: 1`) + body)
    const { publisherPort = 0 } = nodes.get('alone') ?? {}
    const state = await fetch(`http://127.0.0.1:${publisherPort}/channels/kept`, { headers: { accept: 'text/json' } })
    expect(await state.json()).toMatchObject({ messages: 3 })
  })
})

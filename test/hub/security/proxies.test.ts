import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished } from 'vitest'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { test } from '../serve.ts'

/** What a request from this address, with these headers, gets as its answer. */
async function ask(port: number, from: string, headers: readonly string[] = [], line = 'GET /push/a?wait=0') {
  const host = from.includes(':') ? '::1' : '127.0.0.1'
  const socket = connect({ host, port, localAddress: from })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(`${[`${line} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers].join('\r\n')}\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return Number(answer.slice(9, 12))
}

/** A hub that listens on all addresses, and the addresses that `authorize` sees. */
async function seeing(options: HubOptions, host = '0.0.0.0') {
  const seen: string[] = []
  const hub = createHub({ ...options, authorize: ({ clientIp }) => seen.push(clientIp) > 0 })
  const { port, close } = await hub.listen({ host })
  onTestFinished(close)
  return { hub, port, seen }
}

describe('a forwarded address', () => {
  test('is ignored by default, because every client can send one', async () => {
    const { port, seen } = await seeing({})
    await ask(port, '127.0.0.2', ['X-Forwarded-For: 192.0.2.1', 'Forwarded: for=192.0.2.1', 'X-Real-IP: 192.0.2.1'])
    expect(seen).toEqual(['127.0.0.2'])
  })

  test.for([
    ['the client', '192.0.2.1', '192.0.2.1'],
    ['the rightmost, because a client writes what stands left of it', '198.51.100.7, 192.0.2.1', '192.0.2.1'],
    ['the rightmost that is not a trusted proxy', '198.51.100.7, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
    ['a client that is among the proxies', '10.1.2.3, 10.9.9.9', '10.1.2.3'],
    ['an address with a port', '192.0.2.1:4711', '192.0.2.1'],
    ['an IPv6 address, in one encoder', '2001:DB8:0::0:1', '2001:db8::1'],
    ['an IPv6 address with a port', '[2001:db8::1]:443', '2001:db8::1'],
    ['an IPv4 address in IPv6', '::ffff:192.0.2.1', '192.0.2.1'],
    ['a trusted proxy in IPv6 encoder', '192.0.2.1, ::ffff:10.1.2.3', '192.0.2.1'],
    ['the proxy itself, without a header', '', '127.0.0.2'],
    ['the proxy itself, with an invalid address', 'unknown', '127.0.0.2'],
    ['the last proxy before an invalid address', '192.0.2.1, nonsense, 10.1.2.3', '10.1.2.3'],
  ] as const)('of a trusted proxy is %s: %s', async ([, forwarded, address]) => {
    const { port, seen } = await seeing({ trustedProxies: ['127.0.0.2', '10.0.0.0/8'] })
    await ask(port, '127.0.0.2', [`X-Forwarded-For: ${forwarded}`])
    expect(seen).toEqual([address])
  })

  test('of an untrusted address is ignored', async () => {
    const { port, seen } = await seeing({ trustedProxies: ['127.0.0.2/31'] })
    for (const from of ['127.0.0.1', '127.0.0.2', '127.0.0.3', '127.0.0.4'])
      await ask(port, from, ['X-Forwarded-For: 192.0.2.1'])
    expect(seen).toEqual(['127.0.0.1', '192.0.2.1', '192.0.2.1', '127.0.0.4'])
  })

  test('is replaced by `clientIp` for every other kind of proxy', async () => {
    const { port, seen } = await seeing({ clientIp: ({ headers }) => String(headers['x-client']) })
    await ask(port, '127.0.0.2', ['X-Client: 192.0.2.9', 'X-Forwarded-For: 192.0.2.1'])
    expect(seen).toEqual(['192.0.2.9'])
  })

  test.for([
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    'proxy.example',
    '',
    '10.0.0.0/-1',
    '::ffff:10.0.0.0/104',
  ])('createHub rejects %j as a trusted proxy', (entry) => {
    expect(() => createHub({ trustedProxies: [entry] })).toThrow(expect.objectContaining({ code: 'invalid-option' }))
  })
})

describe('a forwarded scheme', () => {
  test.for([
    ['an untrusted client', '127.0.0.3', 'X-Forwarded-Proto: https', 403],
    ['a trusted proxy', '127.0.0.2', 'X-Forwarded-Proto: https', 202],
    ['a trusted proxy, of a WebSocket', '127.0.0.2', 'X-Forwarded-Proto: wss', 202],
    ['a trusted proxy, after what its client wrote', '127.0.0.2', 'X-Forwarded-Proto: https, http', 403],
    ['a trusted proxy with an invalid scheme', '127.0.0.2', 'X-Forwarded-Proto: javascript', 403],
  ] as const)('of %s', async ([, from, forwarded, status]) => {
    const { port } = await seeing({ trustedProxies: ['127.0.0.2'] })
    const page = ['Origin: https://localhost', forwarded, 'Content-Length: 0']
    expect(await ask(port, from, page, 'POST /push/a')).toBe(status)
  })
})

describe('an address', () => {
  test('of IPv4 is the same, also if it reaches the hub as IPv6', async () => {
    const { port, seen } = await seeing({}, '::')
    await ask(port, '127.0.0.1')
    expect(seen).toEqual(['127.0.0.1'])
  })

  test('of IPv4 is the same by lines over TCP too', async () => {
    const { hub, seen } = await seeing({})
    const { port } = await hub.listenTcp({ host: '::' })
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write('{"subscribe":"./a"}\n')
    await once(createInterface({ input: socket }), 'line')
    expect(seen).toEqual(['127.0.0.1'])
  })

  test.for([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', 429],
    ['2001:db8:1:2::1', '2001:DB8:1:2:0:0:0:1', 429],
    ['2001:db8:1:2::1', '2001:db8:1:3::1', 202],
    ['::1', '0:0:0:1::1', 202],
    ['192.0.2.1', '::ffff:c000:201', 429],
    ['192.0.2.1', '192.0.2.2', 202],
    ['alice', 'alice', 429],
    ['alice', 'bob', 202],
  ] as const)('of IPv6 counts by its /64: after %s, %s', async ([first, second, status], { serve }) => {
    const { port } = await serve({
      clientIp: ({ headers }) => String(headers['x-client']),
      maxPublishRate: 1,
      now: () => 1_000_000,
    })
    const publish = (client: string) =>
      ask(port, '127.0.0.1', [`X-Client: ${client}`, 'Content-Length: 1', '', 'x'], 'POST /push/a')
    expect([await publish(first), await publish(second)]).toEqual([202, status])
  })
})

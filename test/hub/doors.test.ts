import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { overTcp, throughTunnel, type Lines } from './lines.ts'
import { raw } from './serve.ts'

/** A hub with all its doors. */
async function open(options: HubOptions) {
  const hub = createHub(options)
  const { port, tcpPort = 0, close } = await hub.listen({ tcp: {} })
  onTestFinished(close)
  return { hub, port, tcpPort, url: `http://127.0.0.1:${port}/push/` }
}

const kept = <L extends Lines>(lines: L): L => {
  onTestFinished(() => lines.leave())
  return lines
}

const WEB_SOCKET =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const META = 'Sec-WebSocket-Protocol: ws+meta.nchan\r\n'
/** Requests of all kinds: target and further head lines. */
const REQUESTS = {
  'a poll': ['GET /push/a?wait=0', ''],
  'an event stream': ['GET /push/a', 'Accept: text/event-stream\r\n'],
  'a multipart stream': ['GET /push/a', 'Accept: multipart/mixed\r\n'],
  'a forever frame': ['GET /push/a?frame=abcdefgh&frame_parent=http://localhost', ''],
  'the state': ['GET /push/a', 'Accept: application/json\r\n'],
  'a message': ['POST /push/a', 'Content-Length: 0\r\n'],
  'the end': ['DELETE /push/a', ''],
  'a preflight': ['OPTIONS /push/a', 'Origin: http://rebound.example\r\n'],
  'a WebSocket': ['GET /push/a', WEB_SOCKET + META],
  'a tunnel to the lines': ['GET /push/', WEB_SOCKET],
  'a tunnel': ['GET /quotes', WEB_SOCKET],
} as const

describe('a host name that was rebound to this machine is rejected everywhere', () => {
  test.for(Object.entries(REQUESTS))('%s', async ([, [line, head]]) => {
    const { hub, port } = await open({ tunnels: { '/quotes': { host: '127.0.0.1', port: 1 } } })
    hub.publish('a', 'kept')
    // A page of the rebound name is of the same origin as what it asks, so that its browser sends no other Origin.
    for (const host of [
      'rebound.example',
      `rebound.example:${port}`,
      'localhost.rebound.example',
      '127.0.0.1.nip.io',
    ]) {
      const answer = await raw(
        port,
        `${line} HTTP/1.1\r\nHost: ${host}\r\n${head.includes('Connection') ? '' : 'Connection: close\r\n'}${head}\r\n`,
      )
      expect([host, answer.slice(0, 12), answer.includes('kept')]).toEqual([host, 'HTTP/1.1 403', false])
    }
    expect(hub.state('a')).toMatchObject({ messages: 1, subscribers: 0 })
  })
})

/** What each further request claims about itself: another client each time, as anybody can write. */
const forged = (n: number) => ({
  'x-forwarded-for': `192.0.2.${n}`,
  'x-real-ip': `192.0.2.${n}`,
  forwarded: `for=192.0.2.${n}`,
})

describe('a flood of messages is limited, whatever client it claims to be from', () => {
  const FLOOD = 20
  const ALLOWED = 3
  const limited = () => open({ maxPublishRate: ALLOWED, now: () => 1_000_000 })

  test('by POST', async () => {
    const { hub, url } = await limited()
    const statuses: number[] = []
    for (let n = 0; n < FLOOD; n += 1)
      statuses.push((await fetch(`${url}a`, { method: 'POST', body: 'x', headers: forged(n) })).status)
    expect(statuses).toEqual(statuses.map((_, n) => (n < ALLOWED ? 202 : 429)))
    expect(hub.state('a')?.messages).toBe(ALLOWED)
  })

  test('by WebSockets', async () => {
    const { hub, url } = await limited()
    for (let n = 0; n < 2; n += 1) {
      const socket = new WebSocket(`${url.replace('http', 'ws')}a`, 'ws+meta.nchan', { headers: forged(n) })
      await once(socket, 'open')
      for (let sent = 0; sent < FLOOD; sent += 1) socket.send('x')
      expect(await once(socket, 'close')).toEqual([1_013, expect.any(Buffer)])
    }
    expect(hub.state('a')?.messages).toBe(ALLOWED)
  })

  test.for(['TCP', 'tunnels'] as const)('by lines over %s', async (way) => {
    const { hub, url, tcpPort } = await limited()
    for (let n = 0; n < 2; n += 1) {
      const { send, next } = kept(way === 'TCP' ? overTcp(tcpPort) : throughTunnel(url, forged(n)))
      send({ subscribe: './a' })
      for (let sent = 0; sent < FLOOD; sent += 1) send({ text: 'x' })
      let last: Record<string, unknown> | undefined
      for (let line = await next(); line; line = await next()) last = line
      expect(last).toMatchObject({ status: 429, headers: { 'Retry-After': 1 } })
    }
    expect(hub.state('a')?.messages).toBe(ALLOWED)
  })
})

test('connections of one address count together with every technique, whatever client they claim to be from', async () => {
  const { port, tcpPort, url } = await open({ maxConnectionsPerAddress: 4 })
  const held = [
    [REQUESTS['an event stream'], 1],
    [REQUESTS['a WebSocket'], 2],
    [REQUESTS['a tunnel to the lines'], 3],
  ] as const
  for (const [[line, head], n] of held) {
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.${n}\r\n${head}\r\n`)
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 (200|101)/)
  }
  const lines = kept(overTcp(tcpPort))
  lines.send({ subscribe: './a' })
  expect(await lines.next()).toMatchObject({ push: 'open' })

  expect((await fetch(`${url}a?wait=0`, { headers: forged(5) })).status).toBe(429)
  expect(await kept(throughTunnel(url, forged(6))).refused).toBe(429)
  const one = kept(overTcp(tcpPort))
  one.send({ subscribe: './a' })
  expect([await one.next(), await one.next()]).toEqual([expect.objectContaining({ status: 429 }), undefined])
  // Another address has its own.
  const other = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' })
  onTestFinished(() => void other.destroy())
  other.write('GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(String((await once(other, 'data'))[0])).toMatch(/^HTTP\/1\.1 304/)
})

import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect } from 'vitest'
import { createHub, type AuthorizeRequest, type HubOptions } from 'pinia-push/hub'
import { overTcp, throughTunnel } from '../lines.ts'
import { raw, test as base } from '../serve.ts'

/** A hub that listens for lines too, and ways to speak them; all is undone when the test is over. */
const test = base.extend<{
  speak: (options?: HubOptions) => Promise<{
    hub: ReturnType<typeof createHub>
    url: string
    tcpPort: number
    tcp: () => ReturnType<typeof overTcp>
    tunnel: (headers?: Record<string, string>, path?: string) => ReturnType<typeof throughTunnel>
  }>
}>({
  speak: async ({ serve }, use) => {
    const undo: (() => void)[] = []
    const kept = <T extends { leave(): void }>(lines: T): T => {
      undo.push(lines.leave)
      return lines
    }
    await use(async (options) => {
      const { hub, url } = await serve(options)
      const { port: tcpPort } = await hub.listenTcp()
      return {
        hub,
        url,
        tcpPort,
        tcp: () => kept(overTcp(tcpPort)),
        tunnel: (headers, path = '/push/') => kept(throughTunnel(new URL(path, url).href, headers)),
      }
    })
    for (const each of undo) each()
  },
})

/** The kernel takes some megabytes first. */
const AGAIN_AND_AGAIN = { interval: 1 }

const AWKWARD = ['line\nline', 'carriage\r\nreturn\r', '\u2028\u2029', '\uFEFFmark', '\0nul', '{"push":"end"}', '']

describe('lines over TCP', () => {
  test.for(['tcp', 'tunnel'] as const)(
    'receive the cursor at once, then each message unchanged (%s)',
    async (way, { speak }) => {
      const { hub, [way]: lines } = await speak()
      const { send, next } = lines()
      send({ subscribe: '/push/a' })
      expect(await next()).toEqual({ push: 'open', id: hub.cursor('a'), heartbeat: 15, gaps: true })
      for (const text of AWKWARD) {
        const { id } = hub.publish('a', text, { event: 'named' })
        expect(await next()).toEqual({ id, event: 'named', text })
      }
      const { id } = hub.publish('a', Uint8Array.of(0, 10, 255))
      expect(await next()).toEqual({ id, base64: 'AAr/' })
      hub.delete('a')
      expect([await next(), await next()]).toEqual([{ push: 'end' }, undefined])
    },
  )

  test('resume after the cursor, and receive a gap if its messages expired', async ({ speak }) => {
    const { hub, tcp } = await speak({ history: { count: 2 } })
    const { id: first } = hub.publish('a', 'one')
    const { id: second } = hub.publish('a', 'two')
    const resumed = tcp()
    resumed.send({ subscribe: `/push/a?last_event_id=${first}` })
    expect([await resumed.next(), await resumed.next()]).toEqual([
      { push: 'open', id: first, heartbeat: 15, gaps: true },
      { id: second, text: 'two' },
    ])
    hub.publish('a', 'three')
    hub.publish('a', 'four')
    const late = tcp()
    late.send({ subscribe: `/push/a?last_event_id=${first}` })
    expect([await late.next(), await late.next()]).toEqual([
      { push: 'open', heartbeat: 15, gaps: true },
      { push: 'gap', id: second, reason: 'history-expired' },
    ])
  })

  test('publish the messages of the client, text and bytes, in order', async ({ speak }) => {
    const { tcp } = await speak()
    const { send, next } = tcp()
    send({ subscribe: '/push/a' })
    // With the request, before it is answered.
    send({ text: 'one\ntwo' })
    send({ base64: 'AAr/' })
    expect([await next(), await next(), await next()]).toEqual([
      expect.objectContaining({ push: 'open' }),
      expect.objectContaining({ text: 'one\ntwo' }),
      expect.objectContaining({ base64: 'AAr/' }),
    ])
  })

  test('receive heartbeats', async ({ speak }) => {
    const { hub, tcp } = await speak({ heartbeat: 20 })
    const { send, next } = tcp()
    send({ subscribe: '/push/a' })
    expect([await next(), await next()]).toEqual([
      expect.objectContaining({ push: 'open' }),
      { push: 'ping', id: hub.cursor('a') },
    ])
  })

  test.for([
    ['a line that is not a request', 'hello', 400],
    ['a web page that speaks HTTP', 'POST /push/a HTTP/1.1\r\nHost: x\r\n\r\n{"subscribe":"/push/a"}', 400],
    ['another path', '{"subscribe":"/other/a"}', 404],
    ['a path with a dot segment', '{"subscribe":"../other/a"}', 400],
    ['an invalid name', '{"subscribe":"/push/a/../b"}', 400],
    ['an invalid cursor', '{"subscribe":"/push/a?last_event_id=x"}', 400],
    ['a request without end', 'x'.repeat(20_000), 413],
  ] as const)('are rejected for %s', async ([, line, status], { speak }) => {
    const { hub, tcp } = await speak()
    const { send, next } = tcp()
    send(line)
    expect([await next(), await next()]).toEqual([expect.objectContaining({ status }), undefined])
    expect(hub.state('a')).toBeUndefined()
  })

  test('close at a message above the limit, and at a line without end', async ({ speak }) => {
    const { hub, tcp } = await speak({ maxMessageBytes: 10 })
    for (const line of [{ text: 'x'.repeat(11) }, 'x'.repeat(100), { neither: 1 }]) {
      const { send, next } = tcp()
      send({ subscribe: '/push/a' })
      await next()
      send(line)
      send({ text: 'after' })
      expect([await next(), await next()]).toEqual([expect.objectContaining({ body: expect.any(String) }), undefined])
    }
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })

  test('count once as connections, and have the same limits', async ({ speak }) => {
    const { tcp, tunnel } = await speak({ maxConnections: 2 })
    for (const lines of [tcp(), tunnel()]) {
      lines.send({ subscribe: '/push/a' })
      expect(await lines.next()).toMatchObject({ push: 'open' })
    }
    const third = tcp()
    third.send({ subscribe: '/push/a' })
    expect(await third.next()).toMatchObject({ status: 503 })
    expect(await tunnel().refused).toBe(503)
  })

  test('call `authorize` for each subscription and each message, with the headers of the upgrade', async ({
    speak,
  }) => {
    const asked: Partial<AuthorizeRequest>[] = []
    const { hub, tcp, tunnel } = await speak({
      authorize({ action, technique, query, headers: { cookie } }) {
        asked.push({ action, technique, headers: { cookie } })
        return query.get('token') === 'good' && action === 'subscribe'
      },
    })
    const bad = tcp()
    bad.send({ subscribe: '/push/a?token=bad' })
    expect(await bad.next()).toEqual({ status: 403, headers: {}, body: 'Forbidden' })
    const good = tunnel({ cookie: 'session=1' })
    good.send({ subscribe: '/push/a?token=good' })
    good.send({ text: 'no' })
    good.send({ text: 'nothing after what was refused' })
    expect([await good.next(), await good.next(), await good.next()]).toEqual([
      expect.objectContaining({ push: 'open' }),
      expect.objectContaining({ status: 403 }),
      undefined,
    ])
    expect(asked).toEqual([
      { action: 'subscribe', technique: 'flashSocket', headers: {} },
      { action: 'subscribe', technique: 'flashSocket', headers: { cookie: 'session=1' } },
      { action: 'publish', technique: 'flashSocket', headers: { cookie: 'session=1' } },
    ])
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })

  test('are served on loopback only without `authorize`', async () => {
    const hub = createHub()
    await expect(hub.listenTcp({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'not-loopback' })
    await hub.close()
  })

  test('close with the hub, which does not listen afterwards', async ({ speak }) => {
    const { hub, tcp, tunnel, tcpPort } = await speak()
    const readers = [tcp(), tunnel()]
    for (const { send, next } of readers) {
      send({ subscribe: '/push/a' })
      await next()
    }
    const silent = tcp()
    await once(silent.socket, 'connect')
    await hub.close()
    expect(await silent.next()).toBeUndefined()
    expect(await Promise.all(readers.map(({ next }) => next()))).toEqual([undefined, undefined])
    await expect(raw(tcpPort, 'x')).rejects.toThrow('ECONNREFUSED')
  })

  test('close a client that does not read, through a tunnel too', async ({ speak }) => {
    const { hub, tcp, tunnel } = await speak({ maxBufferedBytes: 100_000, history: { bytes: 1_000_000 } })
    for (const { send, next, socket } of [tcp(), tunnel()]) {
      send({ subscribe: '/push/slow' })
      await next()
      socket.pause()
      const big = 'x'.repeat(1_000_000)
      await expect
        .poll(() => {
          hub.publish('slow', big)
          return hub.state('slow')?.subscribers
        }, AGAIN_AND_AGAIN)
        .toBe(0)
    }
  })
})

describe('a tunnel', () => {
  /** A TCP server that sends the given bytes. */
  const target = async (): Promise<{ port: number; peers: Socket[]; close: () => void }> => {
    const peers: Socket[] = []
    const server = createServer((socket) => void peers.push(socket.on('error', () => {})))
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return { port: (server.address() as AddressInfo).port, peers, close: () => server.close() }
  }

  test('leads to its configured server, and sends an empty frame when it is connected', async ({ speak }) => {
    const { port, peers, close } = await target()
    const { tunnel } = await speak({ tunnels: { '/quotes': { host: '127.0.0.1', port } } })
    const { first, send, next, leave } = tunnel({}, '/quotes')
    expect((await first).length).toBe(0)
    const [peer] = peers
    send('"up"')
    expect(String((await once(peer as Socket, 'data'))[0])).toBe('"up"\n')
    peer?.write('{"down":1}\n')
    expect(await next()).toEqual({ down: 1 })
    leave()
    await once(peer as Socket, 'close')
    close()
  })

  test('is rejected if the server cannot be reached', async ({ speak }) => {
    const { port, close } = await target()
    close()
    const { tunnel } = await speak({ tunnels: { '/quotes': { host: '127.0.0.1', port } } })
    expect(await tunnel({}, '/quotes').refused).toBe(502)
  })

  test('is not a relay: a request cannot choose where it leads', async ({ speak }) => {
    const { port, peers, close } = await target()
    const { url } = await speak({ tunnels: { '/quotes': { host: '127.0.0.1', port: port + 1 } } })
    const tries = [
      `/quotes?host=127.0.0.1&port=${port}`,
      `/push/?127.0.0.1:${port}`,
      `//127.0.0.1:${port}/quotes`,
      `http://127.0.0.1:${port}/quotes`,
      `/quotes/127.0.0.1:${port}`,
      `/push/127.0.0.1:${port}`,
      '/quotes/../push/',
    ]
    const head = [
      'Host: localhost',
      `X-Forwarded-Host: 127.0.0.1:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ].join('\r\n')
    const answers = tries.map((path) =>
      raw(
        Number(new URL(url).port),
        `GET ${path} HTTP/1.1\r\n${head}\r\n\r\nCONNECT 127.0.0.1:${port} HTTP/1.1\r\n\r\n`,
      ),
    )
    expect((await Promise.all(answers)).map((answer) => answer.slice(9, 12))).toEqual([
      '502', // the one that the hub was given is not there
      '101', // the hub itself
      '404',
      '404',
      '404',
      '400',
      '400',
    ])
    expect(peers).toEqual([])
    close()
  })

  test('is rejected for pages of other origins, under other host names, and without permission', async ({ speak }) => {
    const { port, peers, close } = await target()
    const { tunnel } = await speak({
      tunnels: { '/quotes': { host: '127.0.0.1', port } },
      authorize: ({ action, channel, query }) => action === 'tunnel' && channel === '/quotes' && query.has('ok'),
    })
    expect([
      await tunnel({ origin: 'https://evil.example' }, '/quotes?ok').refused,
      await tunnel({ host: 'evil.example' }, '/quotes?ok').refused,
      await tunnel({ origin: 'https://evil.example' }, '/push/').refused,
      await tunnel({}, '/quotes').refused,
    ]).toEqual([403, 403, 403, 403])
    expect(peers).toEqual([])
    await tunnel({}, '/quotes?ok').first
    expect(peers.length).toBe(1)
    close()
  })

  test('reads either side no faster than the other side reads', async ({ speak }) => {
    const { port, peers, close } = await target()
    const { tunnel, url } = await speak({ tunnels: { '/quotes': { host: '127.0.0.1', port } } })
    const { first, socket, leave } = tunnel({}, '/quotes')
    await first
    const peer = peers[0] as Socket
    peer.pause()
    const chunk = Buffer.alloc(4_000_000)
    /** The kernel takes some of what was written, and the rest waits where it was, however often the hub's turn comes. */
    const waits = async (waiting: () => number) => {
      for (let turn = 0; turn < 200; turn += 1) await (await fetch(`${url}a?wait=0`)).text()
      expect(waiting()).toBeGreaterThan(30_000_000)
    }
    for (let n = 0; n < 15; n += 1) socket.send(chunk)
    await waits(() => socket.bufferedAmount)
    socket.pause()
    for (let n = 0; n < 15; n += 1) peer.write(chunk)
    await waits(() => peer.writableLength)
    leave()
    close()
  })

  test('must have a path outside that of the channels', () => {
    expect(() => createHub({ tunnels: { '/push/a': { host: '127.0.0.1', port: 1 } } })).toThrow('outside "/push/"')
  })
})

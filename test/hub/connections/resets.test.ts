import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished } from 'vitest'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { test as base } from '../serve.ts'

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n'

/** A hub on the application's own server, which adds no listener of its own to any socket. */
const test = base.extend<{
  mount: (options?: HubOptions) => Promise<{ port: number; server: Server; open: () => number }>
}>({
  mount: async ({}, use) => {
    const undo: (() => Promise<void>)[] = []
    await use(async (options) => {
      const hub = createHub({ tunnels: { '/quotes': { host: '127.0.0.1', port: 9 } }, ...options })
      const sockets = new Set<Socket>()
      const server = createServer((request, response) => void hub.handle(request, response))
      server.on('connection', (socket: Socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
      })
      server.on('upgrade', (request, socket, head) => void hub.upgrade(request, socket, head))
      await once(server.listen(0, '127.0.0.1'), 'listening')
      undo.push(async () => {
        server.close()
        server.closeAllConnections()
        await hub.close()
      })
      return { port: (server.address() as AddressInfo).port, server, open: () => sockets.size }
    })
    await Promise.all(undo.map((each) => each()))
  },
})

/** Sends what it is given, and may then reset the connection. */
const client = async (port: number, text: string) => {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** The application's decision, taken when the test decides. */
const slow = () => {
  const decide: ((allowed: boolean) => void)[] = []
  return { decide, authorize: () => new Promise<boolean>((resolve) => void decide.push(resolve)) }
}

const REQUESTS = [
  ['a stream', `GET /push/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`],
  ['a long poll', `GET /push/a HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  ['a POST, in the middle of its body', `POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nfive `],
  ['a chunked POST', `POST /push/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive \r\n`],
  ['a WebSocket', `GET /push/a HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`],
  ['a WebSocket that sends at once', `GET /push/a HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n\x81\x01x`],
  ['a tunnel', `GET /quotes HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`],
] as const

describe('a client that resets its connection ends only that connection', () => {
  test.for(REQUESTS)('%s, while `authorize` is pending', async ([, text], { mount }) => {
    for (const allowed of [true, false]) {
      const { decide, authorize } = slow()
      const { port, open } = await mount({ authorize })
      const socket = await client(port, text)
      await expect.poll(() => decide.length).toBe(1)
      socket.resetAndDestroy()
      await expect.poll(open).toBe(0)
      decide[0]?.(allowed)
      await turn()
    }
  })

  test.for(REQUESTS)('%s, in the tick in which `authorize` decides', async ([, text], { mount }) => {
    for (const allowed of [true, false]) {
      const { decide, authorize } = slow()
      const { port, open } = await mount({ authorize })
      const socket = await client(port, text)
      await expect.poll(() => decide.length).toBe(1)
      decide[0]?.(allowed)
      socket.resetAndDestroy()
      await expect.poll(open).toBe(0)
    }
  })

  test.for(REQUESTS)('%s, at once', async ([, text], { mount }) => {
    const { port, open } = await mount()
    for (let n = 0; n < 20; n += 1) (await client(port, text)).resetAndDestroy()
    await expect.poll(open).toBe(0)
  })

  test.for(REQUESTS)('%s, after it was rejected', async ([, text], { mount }) => {
    const { port, open } = await mount()
    for (let n = 0; n < 20; n += 1) {
      const socket = await client(port, text.replace('Host: localhost', 'Host: evil.example'))
      await once(socket, 'data')
      socket.resetAndDestroy()
    }
    await expect.poll(open).toBe(0)
  })

  test('a tunnel, while its TCP server is being connected, and on either side later', async ({ mount }) => {
    const peers: Socket[] = []
    const target = createTcpServer((socket) => void peers.push(socket.on('error', () => {})))
    await once(target.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void target.close())
    const { port, open } = await mount({
      tunnels: { '/quotes': { host: '127.0.0.1', port: (target.address() as AddressInfo).port } },
    })
    const text = `GET /quotes HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`
    ;(await client(port, text)).resetAndDestroy()
    const left = await client(port, text)
    await once(left, 'data')
    left.resetAndDestroy()
    const other = await client(port, text)
    await once(other, 'data')
    peers.at(-1)?.resetAndDestroy()
    await once(other, 'close')
    await expect.poll(open).toBe(0)
    await expect.poll(() => peers.every(({ destroyed }) => destroyed)).toBe(true)
  })

  test('a line over TCP, at any moment', async ({ serve }) => {
    const { decide, authorize } = slow()
    const { hub } = await serve({ authorize })
    const { port } = await hub.listenTcp()
    for (const text of ['', '{"sub', '{"subscribe":"./a"}\n', '{"subscribe":"./a"}\n{"text":"x"}\n', 'nonsense\n'])
      (await client(port, text)).resetAndDestroy()
    const socket = await client(port, '{"subscribe":"./b"}\n')
    await expect.poll(() => decide.length).toBeGreaterThan(0)
    socket.resetAndDestroy()
    for (const each of decide) each(true)
    await turn()
    await expect.poll(() => hub.state('b')?.subscribers ?? 0).toBe(0)
  })
})

describe('a body that is cut off publishes nothing', () => {
  test.for(REQUESTS.filter(([name]) => name.includes('POST')))('%s', async ([, text], { serve }) => {
    const { hub, port } = await serve()
    const socket = await client(port, text)
    const whole = await client(port, `POST /push/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx`)
    await once(whole, 'data')
    socket.resetAndDestroy()
    await once(socket, 'close')
    const later = await client(port, `POST /push/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx`)
    await once(later, 'data')
    expect([hub.state('a')?.messages ?? 0, hub.state('b')?.messages]).toEqual([0, 2])
  })
})

describe('a client that has left before the hub handles its request', () => {
  test.for(REQUESTS.filter(([name]) => !name.includes('tunnel')))('is not counted: %s', async ([, text], { serve }) => {
    const { hub } = await serve({ maxConnections: 1 })
    const pass: (() => void)[] = []
    const later = (answer: () => unknown) => void pass.push(() => void answer())
    const server = createServer((request, response) => later(() => hub.handle(request, response)))
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => {})
      later(() => hub.upgrade(request, socket, head))
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const connection = once(server, 'connection')
    const socket = await client(port, text)
    const [served] = (await connection) as Socket[]
    await expect.poll(() => pass.length).toBe(1)
    socket.resetAndDestroy()
    await expect.poll(() => served?.closed).toBe(true)
    pass[0]?.()
    const next = await client(port, 'GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(() => pass.length).toBe(2)
    pass[1]?.()
    expect(String(await once(next, 'data'))).toMatch(/^HTTP\/1\.1 304/)
    next.destroy()
  })
})

test('a connection that the hub has ended closes, also if its client keeps its side open', async ({ serve }) => {
  const { hub } = await serve()
  const { port } = await hub.listenTcp()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  onTestFinished(() => void socket.destroy())
  socket.write('nonsense\n')
  socket.resume()
  await once(socket, 'end')
  // What is written on meets a connection that is no more.
  const closed = once(socket, 'error')
  const writing = setInterval(() => socket.write('x'), 20)
  onTestFinished(() => void clearInterval(writing))
  expect((await closed)[0]).toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) })
})

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { overTcp } from './lines.ts'
import { raw, test } from './serve.ts'

/** A port that is in use. */
async function taken(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** A port that is free. */
async function free(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('a hub that cannot listen', () => {
  test('rejects with the cause, and closes its other listener', async () => {
    const hub = createHub()
    onTestFinished(() => hub.close())
    const port = await free()
    await expect(hub.listen({ port, tcp: { port: await taken() } })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(raw(port, 'x')).rejects.toThrow('ECONNREFUSED')
    // Nothing is in the way of trying again.
    const { port: bound, tcpPort } = await hub.listen({ port, tcp: {} })
    expect([bound, tcpPort]).toEqual([port, expect.any(Number)])
  })

  test('opens no tunnel to lines without `listenTcp`', async ({ serve }) => {
    const { hub, port } = await serve()
    await expect(hub.listenTcp({ port: await taken() })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    const head =
      'Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
    expect(await raw(port, `GET /push/ HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1\.1 400/)
  })

  test('rejects if it was closed, before or meanwhile', async () => {
    const hub = createHub()
    const port = await free()
    const [late, lines] = [hub.listen({ port }), hub.listenTcp()]
    const refused = Promise.all([late, lines].map((each) => expect(each).rejects.toMatchObject({ code: 'closed' })))
    await hub.close()
    await refused
    await expect(raw(port, 'x')).rejects.toThrow('ECONNREFUSED')
    await expect(hub.listen()).rejects.toMatchObject({ code: 'closed' })
    await expect(hub.listenTcp()).rejects.toMatchObject({ code: 'closed' })
  })
})

describe('a hub that listens', () => {
  test('logs a connection that could not be accepted, and continues', async () => {
    const servers: Server[] = []
    const add = (message: unknown) => void servers.push((message as { server: Server }).server)
    subscribe('tracing:net.server.listen:asyncStart', add)
    const lines: string[] = []
    const hub = createHub({ log: (line) => void lines.push(line) })
    const { port, tcpPort = 0, close } = await hub.listen({ tcp: {} })
    unsubscribe('tracing:net.server.listen:asyncStart', add)
    onTestFinished(close)
    // As Node does where a connection finds no free descriptor.
    for (const server of servers) for (let n = 0; n < 2; n += 1) server.emit('error', new Error('accept EMFILE'))
    expect(lines).toEqual(Array.from({ length: 4 }, () => 'pinia-push: A connection could not be accepted'))
    expect(await raw(port, 'GET /push/a?wait=0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')).toMatch(
      /304/,
    )
    const { send, next, leave } = overTcp(tcpPort)
    onTestFinished(leave)
    send({ subscribe: './a' })
    expect(await next()).toMatchObject({ push: 'open' })
  })

  test.for([
    ['no HTTP', '\x16\x03\x01\0\0\r\n\r\n', 400],
    ['a head without end', `GET /push/a HTTP/1.1\r\nX: ${'x'.repeat(40_000)}`, 431],
    ['two lengths', 'POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx', 400],
    [
      'a length and chunks',
      'POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['no host', 'GET /push/a HTTP/1.1\r\n\r\n', 400],
  ] as const)('rejects %s with a 4xx and closes the connection', async ([, text, status], { serve }) => {
    const { port } = await serve()
    expect(Number((await raw(port, text)).slice(9, 12))).toBe(status)
  })

  test('rejects requests that wait for `authorize` at once when it closes', async () => {
    let asked = 0
    const hub = createHub({
      authorize() {
        asked += 1
        return new Promise(() => {})
      },
    })
    const { port, tcpPort = 0, close } = await hub.listen({ tcp: {} })
    const upgrade =
      'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n'
    const waiting = ['Connection: close\r\n', upgrade].map((head) =>
      raw(port, `GET /push/a HTTP/1.1\r\nHost: localhost\r\n${head}\r\n`),
    )
    const line = overTcp(tcpPort)
    line.send({ subscribe: './a' })
    await expect.poll(() => asked).toBe(3)
    await close()
    for (const answer of await Promise.all(waiting)) expect(answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 1\r\n/)
    expect(await line.next()).toMatchObject({ status: 503 })
    line.leave()
  })

  test('limits TCP connections like all others, also without a first line', async ({ serve }) => {
    const { hub } = await serve({ maxConnectionsPerAddress: 2 })
    const { port } = await hub.listenTcp()
    const silent = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    onTestFinished(() => silent.forEach((socket) => void socket.destroy()))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    const third = overTcp(port)
    expect([await third.next(), await third.next()]).toEqual([expect.objectContaining({ status: 429 }), undefined])
  })
})

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import { createHub } from 'pinia-push/hub'
import { raw, stream, test } from './serve.ts'

const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

describe('a closed hub', () => {
  test('rejects publications, requests and connections of your server with 503, so that clients reconnect later', async ({
    frames,
  }) => {
    const hub = createHub()
    const server = createServer((request, response) => void hub.handle(request, response))
    server.on('upgrade', hub.upgrade)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/push/`
    await hub.close()
    expect(() => hub.publish('a', 'x')).toThrow(expect.objectContaining({ code: 'closed' }))
    const answer = await fetch(`${url}a?wait=0`)
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([
      503,
      '1',
      'Hub closed. Reconnect later.\n',
    ])
    const [error] = await once(frames(`${url}a`).socket, 'error')
    expect(String(error)).toContain('503')
  })

  test('has closed the servers that it started, with their idle connections', async () => {
    const hub = createHub()
    const [one, two] = [await hub.listen({ tcp: {} }), await hub.listen()]
    const ports = [one.port, two.port, one.tcpPort ?? 0]
    const idle = connect(one.port, '127.0.0.1').resume()
    await once(idle, 'connect')
    const ended = once(idle, 'close')
    await hub.close()
    await ended
    for (const port of ports) {
      const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
      expect(error.code).toBe('ECONNREFUSED')
    }
  })

  test('can be closed again', async ({ serve }) => {
    const { hub } = await serve()
    await Promise.all([hub.close(), hub.close()])
    await expect(hub.close()).resolves.toBeUndefined()
  })

  test('has ended every connection when its promise resolves', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const { next } = await stream(`${url}a`)
    await next()
    const { next: frame, closed } = frames(`${url}a`)
    await frame()
    await hub.close()
    expect(hub.state('a')).toBeUndefined()
    expect(await next()).toBeUndefined()
    expect((await closed).code).toBe(1_012)
  })
})

test('a rejected upgrade whose client stays does not delay the close', async () => {
  const hub = createHub()
  const { port, close } = await hub.listen()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.write('GET /push/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n')
  await once(socket.resume(), 'end')
  await close()
  expect(socket.writable).toBe(true)
  socket.destroy()
})

test('a tunnel whose TCP server does not accept yet does not delay the close, and is rejected', async () => {
  // A process that is stopped accepts nothing: two connections fill its queue, and the kernel answers no third.
  const code =
    "const s = require('net').createServer().listen({ port: 0, backlog: 1 }, () => console.log(s.address().port))"
  const target = spawn(process.execPath, ['-e', code])
  const [line] = await once(target.stdout, 'data')
  const to = { host: '127.0.0.1', port: Number(line) }
  target.kill('SIGSTOP')
  const queue = [connect(to), connect(to)]
  await Promise.all(queue.map((socket) => once(socket, 'connect')))

  let asked = () => {}
  const connecting = new Promise<void>((resolve) => (asked = resolve))
  const hub = createHub({
    tunnels: { '/quotes': to },
    authorize() {
      setImmediate(asked)
      return true
    },
  })
  const { port, close } = await hub.listen()
  const answer = raw(port, `GET /quotes HTTP/1.1\r\nHost: localhost\r\n${UPGRADE}\r\n`)
  await connecting
  await close()
  expect(await answer).toMatch(/^HTTP\/1\.1 503 [\s\S]*Hub closed\./)
  target.kill('SIGKILL')
  for (const socket of queue) socket.on('error', () => {}).destroy()
})

describe('a subscriber that leaves', () => {
  test('is removed in every phase of a WebSocket', async ({ serve, frames }) => {
    const { hub, url } = await serve()
    const { socket, next } = frames(`${url}a`)
    await next()
    socket.terminate()
    while (hub.state('a')) await new Promise(setImmediate)
  })

  test('is removed while its poll waits', async ({ serve }) => {
    const { hub, url } = await serve()
    const abort = new AbortController()
    const poll = fetch(`${url}a?last_event_id=${encodeURIComponent(hub.cursor('a'))}`, { signal: abort.signal })
    while (hub.state('a')?.subscribers !== 1) await new Promise(setImmediate)
    abort.abort()
    await expect(poll).rejects.toThrow(/abort/)
    while (hub.state('a')) await new Promise(setImmediate)
  })

  test('is removed in the middle of publishing, and nothing is published', async ({ serve }) => {
    const { hub, port } = await serve()
    const socket = connect(port, '127.0.0.1')
    socket.write('POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf')
    await once(socket, 'connect')
    socket.resetAndDestroy()
    expect((await fetch(`http://127.0.0.1:${port}/push/b?wait=0`)).status).toBe(304)
    expect(hub.state('a')).toBeUndefined()
  })
})

import { connect } from 'node:net'
import { once } from 'node:events'
import { describe, expect, onTestFinished } from 'vitest'
import { raw, test } from '../serve.ts'

const GET = 'GET /push/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n'

describe('one connection', () => {
  test('that pipelines without end behind a stream is destroyed', async ({ serve }) => {
    const { port } = await serve()
    const socket = connect(port, '127.0.0.1')
    onTestFinished(() => void socket.destroy())
    socket.on('error', () => {})
    socket.resume()
    socket.write(GET.repeat(100))
    await once(socket, 'close')
  })

  test('with a header of many spaces gets a normal response', async ({ serve }) => {
    const { port } = await serve()
    const protocol = `a${' '.repeat(15_000)}b`
    const upgrade = `GET /push/a HTTP/1.1\r\nHost: evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`
    expect(await raw(port, upgrade)).toMatch(/^HTTP\/1\.1 403/)
  })
})

test('connections without a request are limited for each address', async ({ serve }) => {
  const { port } = await serve({ maxConnectionsPerAddress: 1 })
  const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  let closed = 0
  await new Promise<void>((resolve) => {
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.resume()
      socket.on('close', () => {
        closed += 1
        if (closed === 34) resolve()
      })
    }
  })
  // Twice what may be asked at once, and 64, are left.
  expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(66)
})

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import type { Hub } from 'pinia-push/hub'
import { test } from '../serve.ts'

const MEGABYTE = 'x'.repeat(1_000_000)
const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ws+meta.nchan'

/** Asks, and reads nothing of the answer. */
function askAndStall(port: number, target: string, head: string): Socket {
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${head}\r\n\r\n`)
  onTestFinished(() => void socket.destroy())
  return socket
}

const subscribers = async (hub: Hub, count: number, name = 'a') => {
  while ((hub.state(name)?.subscribers ?? 0) !== count) await new Promise(setImmediate)
}

/** Waits until so many heartbeats have been sent to others. */
async function heartbeats(port: number, count: number) {
  const response = await fetch(`http://127.0.0.1:${port}/push/other`, { headers: { accept: 'text/event-stream' } })
  let seen = 0
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    seen += new TextDecoder().decode(chunk).split('push.ping').length - 1
    if (seen >= count) return
  }
}

describe.each([
  ['an event stream', 'Accept: text/event-stream'],
  ['a WebSocket', UPGRADE],
])('%s that its client does not read', (_, head) => {
  test('is closed if too much waits for it, and nothing is left of it', async ({ serve }) => {
    const { hub, port } = await serve({ maxBufferedBytes: 1_000_000, history: { count: 1 } })
    askAndStall(port, '/push/a', head)
    await subscribers(hub, 1)
    for (let n = 0; n < 30; n += 1) hub.publish('a', MEGABYTE)
    await subscribers(hub, 0)
  })

  test('is closed if too much waits for all connections together, and most for this one', async ({ serve }) => {
    const { hub, port } = await serve({
      maxBufferedBytes: 100_000_000,
      maxOutgoingBytes: 60_000_000,
      history: { count: 1 },
    })
    const readers = { a: 20, b: 50 }
    for (const name of Object.keys(readers)) askAndStall(port, `/push/${name}`, head)
    for (const name of Object.keys(readers)) await subscribers(hub, 1, name)
    for (const [name, count] of Object.entries(readers)) for (let n = 0; n < count; n += 1) hub.publish(name, MEGABYTE)
    await subscribers(hub, 0, 'b')
    expect(hub.state('a')?.subscribers).toBe(1)
  })

  test('shares messages in memory with others that wait for them', async ({ serve }) => {
    const { hub, port } = await serve({
      maxBufferedBytes: 100_000_000,
      maxOutgoingBytes: 40_000_000,
      history: { count: 1 },
    })
    const readers = Array.from({ length: 5 }, () => askAndStall(port, '/push/a', head))
    await subscribers(hub, 5)
    for (let n = 0; n < 30; n += 1) hub.publish('a', MEGABYTE)
    hub.publish('a', 'the last')
    for (const socket of readers) {
      let text = ''
      socket.setEncoding('latin1')
      socket.on('data', (chunk) => (text = (text + String(chunk)).slice(-100)))
      socket.resume()
      const cut = once(socket, 'close')
      while (!text.includes('the last') && !socket.destroyed) await Promise.race([once(socket, 'data'), cut])
      expect(text).toContain('the last')
    }
  })

  test('receives all kept messages, however low `maxBufferedBytes` is', async ({ serve }) => {
    const { hub, port } = await serve({ maxBufferedBytes: 1, startFrom: 'oldest', history: { bytes: 40_000_000 } })
    for (let n = 0; n < 30; n += 1) hub.publish('a', MEGABYTE)
    const socket = askAndStall(port, '/push/a', head)
    await subscribers(hub, 1)
    hub.publish('a', 'the last')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => (text = (text + String(chunk)).slice(-100)))
    socket.resume()
    const cut = once(socket, 'close')
    while (!text.includes('the last') && !socket.destroyed) await Promise.race([once(socket, 'data'), cut])
    expect(text).toContain('the last')
  })

  test('harms nothing when its channel has ended and heartbeats continue', async ({ serve }) => {
    const { hub, port } = await serve({ heartbeat: 20, maxBufferedBytes: 100_000_000 })
    askAndStall(port, '/push/a', head)
    await subscribers(hub, 1)
    for (let n = 0; n < 10; n += 1) hub.publish('a', MEGABYTE)
    hub.delete('a')
    await heartbeats(port, 3)
    expect(hub.publish('a', 'again').subscribers).toBe(0)
  })

  test('does not delay a hub that closes', async ({ serve }) => {
    const { hub, port } = await serve({ maxBufferedBytes: 100_000_000 })
    const socket = askAndStall(port, '/push/a', head)
    await subscribers(hub, 1)
    for (let n = 0; n < 10; n += 1) hub.publish('a', MEGABYTE)
    await hub.close()
    expect(hub.state('a')?.subscribers).toBe(0)
    socket.resume()
    await once(socket, 'close')
  })
})

test('a message is delivered, also if it is larger than `maxBufferedBytes`', async ({ serve, frames }) => {
  const { hub, url } = await serve({ maxBufferedBytes: 1_000 })
  const { next } = frames(`${url}a`)
  await next()
  hub.publish('a', MEGABYTE)
  expect((await next()).body).toHaveLength(1_000_000)
})

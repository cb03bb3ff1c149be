import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, test as base } from 'vitest'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'

interface Line {
  proxy: FaultProxy
  /** A connection through the proxy. */
  dial(): Client
  /** The server's end of the newest connection. */
  answering(): Promise<Socket>
  /** Resolves when bytes have gone both ways through a healthy proxy: all that was sent before, and is not held, has come. */
  overtakes(): Promise<void>
}

interface Client {
  socket: Socket
  /** The chunks that came. */
  chunks: Buffer[]
  sees(text: string): Promise<void>
  closed: Promise<void>
}

const test = base.extend<{ line: Line }>({
  line: async ({}, use) => {
    const ends: Socket[] = []
    const clients: Socket[] = []
    const server = createServer({ allowHalfOpen: false }, (socket) => {
      socket.on('error', () => {})
      socket.setNoDelay(true)
      ends.push(socket)
      server.emit('answered')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const [proxy, healthy] = [await createFaultProxy({ port }), await createFaultProxy({ port })]
    const dial = (to: FaultProxy): Client => {
      const socket = connect(to.port, '127.0.0.1')
      clients.push(socket)
      socket.on('error', () => {})
      const chunks: Buffer[] = []
      socket.on('data', (chunk) => chunks.push(chunk))
      return {
        socket,
        chunks,
        async sees(text) {
          while (!Buffer.concat(chunks).includes(text)) await once(socket, 'data')
        },
        closed: new Promise((resolve) => socket.once('close', () => resolve())),
      }
    }
    let answered = 0
    const answering = async () => {
      while (ends.length <= answered) await once(server, 'answered')
      answered += 1
      const end = ends[answered - 1]
      if (!end) throw new Error('no connection came')
      return end
    }
    await use({
      proxy,
      dial: () => dial(proxy),
      answering,
      async overtakes() {
        const later = dial(healthy)
        const end = await answering()
        later.socket.write('ask')
        await once(end, 'data')
        end.write('answer')
        await later.sees('answer')
      },
    })
    for (const socket of [...clients, ...ends]) socket.destroy()
    await Promise.all([proxy.close(), healthy.close()])
    server.close()
  },
})

describe('a healthy link', () => {
  test('forwards in both directions, counts, and applies the backpressure of a slow reader', async ({ line }) => {
    const client = line.dial()
    const server = await line.answering()
    client.socket.write('ask')
    expect(String((await once(server, 'data'))[0])).toBe('ask')
    server.write('answer')
    await client.sees('answer')
    expect(line.proxy.stats).toMatchObject({ connections: 1, open: 1, bytesUp: 3, bytesDown: 6 })
    client.socket.pause()
    let written = 0
    while (server.writableLength < 8_000_000 && written < 200_000_000) {
      written += 1_000_000
      server.write(Buffer.alloc(1_000_000))
      await new Promise(setImmediate)
    }
    expect(written).toBeLessThan(100_000_000)
  })

  test('delivers everything that was written before the server closed', async ({ line }) => {
    line.proxy.split(1_000)
    const client = line.dial()
    const server = await line.answering()
    server.end(Buffer.alloc(100_000))
    await client.closed
    expect(Buffer.concat(client.chunks)).toHaveLength(100_000)
    while (line.proxy.stats.open > 0) await new Promise(setImmediate)
  })

  test('is closed on the server’s side when the client disconnects', async ({ line }) => {
    const client = line.dial()
    const server = await line.answering()
    client.socket.destroy()
    server.resume()
    await once(server, 'close')
  })
})

describe('a broken link', () => {
  test('drop closes every connection, and only those that are open now', async ({ line }) => {
    const client = line.dial()
    await line.answering()
    line.proxy.drop()
    await client.closed
    const next = line.dial()
    ;(await line.answering()).write('on')
    await next.sees('on')
  })

  test('refuse resets at once, until it is off', async ({ line }) => {
    line.proxy.refuse(true)
    await line.dial().closed
    line.proxy.refuse(false)
    const next = line.dial()
    ;(await line.answering()).write('on')
    await next.sees('on')
  })

  test('stall is silent in both directions, even when the server closes; resume delivers the bytes that waited', async ({
    line,
  }) => {
    const client = line.dial()
    const server = await line.answering()
    line.proxy.stall()
    client.socket.write('ask')
    server.end('answer')
    await line.overtakes()
    expect([client.chunks, server.bytesRead, client.socket.destroyed]).toEqual([[], 0, false])
    line.proxy.resume()
    await client.sees('answer')
    await client.closed
  })

  test('a stalled link buffers no more than a network would', async ({ line }) => {
    line.dial()
    const server = await line.answering()
    line.proxy.stall()
    let written = 0
    while (server.writableLength < 8_000_000 && written < 200_000_000) {
      written += 1_000_000
      server.write(Buffer.alloc(1_000_000))
      await new Promise(setImmediate)
    }
    expect(written).toBeLessThan(100_000_000)
  })

  test('hang accepts, and never forwards anything', async ({ line }) => {
    line.proxy.hang(true)
    const client = line.dial()
    const server = await line.answering()
    client.socket.write('ask')
    server.write('answer')
    await line.overtakes()
    expect([client.chunks, server.bytesRead, client.socket.destroyed]).toEqual([[], 0, false])
  })

  test('split delivers in pieces of the given size', async ({ line }) => {
    line.proxy.split(1)
    const client = line.dial()
    ;(await line.answering()).write('grüße')
    await client.sees('grüße')
    expect(Buffer.concat(client.chunks).toString()).toBe('grüße')
    expect(client.chunks.length).toBeGreaterThan(1)
  })

  test('buffer holds responses until it is off, also those of a server that has closed', async ({ line }) => {
    line.proxy.buffer(true)
    const client = line.dial()
    const server = await line.answering()
    server.write('one ')
    server.end('two')
    await once(server.resume(), 'close')
    await line.overtakes()
    expect(client.chunks).toEqual([])
    line.proxy.buffer(false)
    await client.sees('one two')
    await client.closed
  })

  test('slow delays the pieces, and loses none', async ({ line }) => {
    line.proxy.split(1)
    line.proxy.slow(40)
    const client = line.dial()
    const server = await line.answering()
    const began = Date.now()
    server.write('abc')
    await client.sees('abc')
    expect(client.chunks.map(String)).toEqual(['a', 'b', 'c'])
    // A timer may be a millisecond early.
    expect(Date.now() - began).toBeGreaterThanOrEqual(2 * 39)
  })

  test('pass forwards the given number of bytes, and holds the rest until all faults end', async ({ line }) => {
    line.proxy.pass(3)
    const client = line.dial()
    const server = await line.answering()
    server.write('0123456789')
    await client.sees('012')
    line.proxy.pass(4)
    await client.sees('0123456')
    expect(Buffer.concat(client.chunks).toString()).toBe('0123456')
    line.proxy.resume()
    await client.sees('0123456789')
  })

  test('cut delivers exactly the given number of bytes, and counts responses that it cut', async ({ line }) => {
    line.proxy.cut(() => 5)
    const client = line.dial()
    ;(await line.answering()).write('0123456789')
    await client.closed
    expect([Buffer.concat(client.chunks).toString(), line.proxy.stats.cuts]).toEqual(['01234', 1])
  })

  test('close leaves no connection', async ({ line }) => {
    const client = line.dial()
    const server = await line.answering()
    line.proxy.stall()
    server.resume()
    const gone = once(server, 'close')
    await line.proxy.close()
    await Promise.all([client.closed, gone])
  })
})

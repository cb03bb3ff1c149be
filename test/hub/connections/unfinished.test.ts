import type { Socket } from 'node:net'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { createHub, type Hub } from 'pinia-push/hub'
import { UPGRADE, ask, checksForStalls, request, subscribers, test, until } from '../mounted.ts'
import { stream } from '../serve.ts'

const MEBIBYTE = 1_048_576
const LARGE = 2 * MEBIBYTE

/** A frame as a client sends it, masked with zeros; of its payload, so many bytes. */
function frame(opcode: number, payload: string, length = payload.length): Buffer {
  const head = length < 126 ? Buffer.of(0x80 | opcode, 0x80 | length) : Buffer.alloc(10)
  if (length >= 126) {
    head.writeUInt16BE(((0x80 | opcode) << 8) | 0x80 | 127)
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, Buffer.alloc(4), Buffer.from(payload)])
}
const TEXT = 1
const PING = 9

const post = (length: number, body = '') =>
  `POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${length}\r\n\r\n${body}`

/** All that comes over a connection. */
function read(socket: Socket): { text: string } {
  const all = { text: '' }
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => (all.text += String(chunk)))
  socket.resume()
  return all
}

const ended = (socket: Socket) => until(() => socket.closed)

/** What one client sends of a message of 2 MiB, to each door. */
const DOORS = [
  ['a POST', '', post(LARGE), /^HTTP\/1.1 503 .*\r\nRetry-After: 1\r\n/s],
  ['a WebSocket message', request('a', UPGRADE), frame(TEXT, '', LARGE), /^HTTP\/1.1 101 /],
  ['a line', '{"subscribe":"./a"}\n', '{"text":"', /"status":503,"headers":\{"Retry-After":1\}/],
] as const

describe.each(DOORS)('%s that is incomplete', (_, enter, head, refusal) => {
  test('is rejected if all clients together have sent too much, until there is room again', async ({ mount }) => {
    const { hub, connections, ...ports } = await mount({ maxIncomingBytes: 4.25 * MEBIBYTE, maxMessageBytes: LARGE })
    const send = async (bytes: Buffer) => {
      const { subscribers: present = 0 } = hub.state('a') ?? {}
      const socket = ask(ports, enter)
      if (enter !== '') await subscribers(hub, present + 1)
      socket.write(bytes)
      return socket
    }
    const most = 'x'.repeat(1.5 * MEBIBYTE)
    const part = Buffer.concat([Buffer.from(head), Buffer.from(most)])
    const clients = [await send(part), await send(part), await send(part)]
    const received = clients.map((client) => ({ client, all: read(client) }))
    await until(() => clients.some(({ closed }) => closed))
    const refused = received.filter(({ client }) => client.closed)
    expect(refused.map(({ all }) => all.text)).toEqual([expect.stringMatching(refusal)])
    for (const client of clients) client.destroy()
    await until(() => connections() === 0)
    await subscribers(hub, 0)
    const answer = await fetch(`http://127.0.0.1:${ports.port}/push/a`, { method: 'POST', body: most })
    expect(answer.status).toBe(202)
  })

  test('does not prevent another address from sending, however many one address starts', async ({ mount }) => {
    const { hub, ...ports } = await mount({
      maxIncomingBytes: 4.25 * MEBIBYTE,
      maxMessageBytes: LARGE,
      clientIp: ({ headers }) => String(headers['x-client'] ?? '127.0.0.1'),
    })
    const begun = Buffer.concat([Buffer.from(head), Buffer.from('x'.repeat(0.4 * MEBIBYTE))])
    const hostile: Socket[] = []
    for (let n = 0; n < 20; n += 1) {
      const socket = ask(ports, enter)
      if (enter !== '') await until(() => (hub.state('a')?.subscribers ?? 0) > 0)
      read(socket)
      socket.write(begun)
      hostile.push(socket)
    }
    // Its own largest goes for each that is too much.
    await until(() => hostile.some(({ closed }) => closed))
    const url = `http://127.0.0.1:${ports.port}/push/b`
    for (let n = 0; n < 5; n += 1) {
      const body = 'x'.repeat(MEBIBYTE)
      expect((await fetch(url, { method: 'POST', body, headers: { 'x-client': '192.0.2.1' } })).status).toBe(202)
    }
    expect(hub.state('b')?.messages).toBe(5)
  })

  test('is dropped if its client stops sending it', async ({ mount }) => {
    const { hub, ...ports } = await mount({ stallTimeout: 100, maxMessageBytes: LARGE })
    const socket = ask(ports, enter)
    if (enter !== '') await subscribers(hub, 1)
    socket.write(head)
    socket.write('begun')
    await untilEnded(socket)
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })

  test('is received as long as its client sends it', async ({ mount }) => {
    const check = checksForStalls(400)
    const { hub, ...ports } = await mount({ stallTimeout: 400, maxMessageBytes: LARGE })
    const socket = ask(ports, enter)
    if (enter !== '') await subscribers(hub, 1)
    socket.write(head)
    const close = typeof head === 'string' && head.startsWith('{') ? '"}\n' : ''
    for (let sent = 0; sent < LARGE - close.length;) {
      const size = Math.min(100_000, LARGE - close.length - sent)
      socket.write('x'.repeat(size))
      sent += size
      await check()
    }
    socket.write(close)
    await until(() => hub.state('a')?.messages === 1 || socket.closed)
    expect(hub.state('a')?.messages).toBe(1)
  })
})

async function untilEnded(socket: Socket) {
  const all = read(socket)
  await ended(socket)
  return all
}

describe('a WebSocket message whose start arrives in the packet of the one before it', () => {
  const enter = async (mount: (options: object) => Promise<{ hub: Hub; port: number }>, options: object) => {
    const { hub, ...ports } = await mount(options)
    const socket = ask(ports, request('a', UPGRADE))
    await subscribers(hub, 1)
    read(socket)
    return { hub, socket }
  }

  test('is dropped if its client stops sending it', async ({ mount }) => {
    const { hub, socket } = await enter(mount, { stallTimeout: 100 })
    socket.write(Buffer.concat([frame(TEXT, 'whole'), frame(TEXT, 'half', 1_000)]))
    await ended(socket)
    expect(hub.state('a')?.messages).toBe(1)
  })

  test('is published when the rest arrives, in any pieces, with pings between its fragments', async ({ mount }) => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    const { hub, socket } = await enter(mount, { maxIncomingBytes: 100_000, maxMessageBytes: 90_000 })
    const begins = frame(TEXT, 'x'.repeat(300))
    begins[0] = TEXT
    const all = Buffer.concat([
      frame(TEXT, 'one'),
      begins,
      frame(PING, 'between'),
      frame(0, 'y'.repeat(70_000)),
      frame(TEXT, 'three'),
    ])
    for (let sent = 0, size = 1; sent < all.length; sent += size, size = (size * 2) % 9_973) {
      socket.write(all.subarray(sent, sent + size))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => hub.state('a')?.messages === 3 || socket.closed)
    expect(hub.state('a')?.messages).toBe(3)
    // Nothing of a message is waited for now.
    for (let check = 0; check < 8; check += 1) {
      vi.advanceTimersByTime(7_500)
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(socket.closed).toBe(false)
  })
})

test('a body that does not arrive is rejected with 408', async ({ mount }) => {
  const { text } = await untilEnded(ask(await mount({ stallTimeout: 100 }), post(5)))
  expect(text).toMatch(/^HTTP\/1.1 408 .*the body did not arrive in time/s)
})

test('a body in chunks of one byte is published unchanged', async ({ mount }) => {
  const { hub, port } = await mount()
  const { next } = await stream(`http://127.0.0.1:${port}/push/a`)
  await next()
  const body = Array.from({ length: 20_000 }, (_, n) => String(n % 10))
  const chunks = body.map((byte) => `1\r\n${byte}\r\n`).join('')
  ask({ port }, `POST /push/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`)
  expect(await next()).toContain(`data: ${body.join('')}`)
  expect(hub.state('a')?.messages).toBe(1)
})

describe('messages that wait for `authorize`', () => {
  const MANY = 10_000
  const later = () => new Promise<boolean>((resolve) => setImmediate(resolve, true))
  const small = Array.from({ length: MANY }, (_, n) => String(n))
  const KINDS = [
    ['WebSocket messages', request('a', UPGRADE), Buffer.concat(small.map((text) => frame(TEXT, text)))],
    ['lines', '{"subscribe":"./a"}\n', small.map((text) => `{"text":"${text}"}\n`).join('')],
  ] as const

  test.for(KINDS)(
    'are published in order, however many small ones arrive at once: %s',
    async ([, enter, all], { mount }) => {
      const { hub, ...ports } = await mount({
        authorize: later,
        maxPublishRate: 2 * MANY,
        history: { count: MANY },
        startFrom: 'oldest',
      })
      const socket = ask(ports, enter)
      await subscribers(hub, 1)
      socket.resume()
      socket.write(all)
      await until(() => hub.state('a')?.messages === MANY || socket.closed)
      const answer = await fetch(`http://127.0.0.1:${ports.port}/push/a?wait=0`, {
        headers: { accept: 'text/event-stream' },
      })
      const seen: string[] = []
      let text = ''
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        text += new TextDecoder().decode(chunk)
        if (text.includes(`data: ${MANY - 1}\n`)) break
      }
      for (const [, data = ''] of text.matchAll(/^data: (\d+)$/gm)) seen.push(data)
      expect(seen).toEqual(small)
    },
  )

  test.for(KINDS)('are limited: %s', async ([, enter, all], { mount }) => {
    const { hub, ...ports } = await mount({
      authorize: ({ action }) => action === 'subscribe' || new Promise<boolean>(() => {}),
      maxBufferedBytes: 100_000,
    })
    const socket = ask(ports, enter)
    await subscribers(hub, 1)
    const received = read(socket)
    socket.write(all)
    await until(() => received.text.includes('too many messages wait to be published') || socket.closed)
    expect(received.text).toContain('too many messages wait to be published')
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })

  test.for([
    ['WebSocket messages', request('a', UPGRADE), frame(TEXT, 'x'.repeat(1.5 * MEBIBYTE))],
    ['lines', '{"subscribe":"./a"}\n', `{"text":"${'x'.repeat(1.5 * MEBIBYTE)}"}\n`],
  ] as const)('count with incomplete messages of all clients together: %s', async ([, enter, whole], { mount }) => {
    let asked = 0
    const { hub, ...ports } = await mount({
      authorize: ({ action }) => action === 'subscribe' || new Promise<boolean>(() => void (asked += 1)),
      maxIncomingBytes: 8 * MEBIBYTE,
      maxMessageBytes: LARGE,
    })
    const clients: Socket[] = []
    for (let n = 1; n <= 6; n += 1) {
      const socket = ask(ports, enter)
      clients.push(socket)
      read(socket)
      await until(() => (hub.state('a')?.subscribers ?? 0) > 0)
      socket.write(whole)
      await until(() => asked === n || clients.some(({ closed }) => closed))
    }
    await until(() => clients.some(({ closed }) => closed))
    expect(clients.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(5)
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })

  test.for([
    ['the body of a POST', post(60_000_000)],
    ['a WebSocket', request('a', UPGRADE)],
    ['lines', '{"subscribe":"./a"}\n'],
  ] as const)('are not read before the client has permission: %s', async ([, enter], { mount }) => {
    let asked = 0
    const ports = await mount({
      authorize: () => new Promise<boolean>(() => void (asked += 1)),
      maxMessageBytes: 60_000_000,
    })
    const socket = ask(ports, enter)
    await until(() => asked === 1)
    for (let n = 0; n < 15; n += 1) {
      socket.write(Buffer.alloc(4_000_000, '\n'))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    // The kernel takes some megabytes.
    expect(socket.writableLength).toBeGreaterThan(30_000_000)
  })
})

test('only the latest of many pings gets a pong, and pongs do not accumulate', async ({ mount }) => {
  const { hub, ...ports } = await mount()
  const socket = ask(ports, request('a', UPGRADE))
  await subscribers(hub, 1)
  const received = read(socket)
  socket.write(Buffer.concat(Array.from({ length: 5_000 }, (_, n) => frame(PING, `<${n}>`))))
  await until(() => received.text.includes('<4999>') || socket.closed)
  const pongs = [...received.text.matchAll(/<(\d+)>/g)].map(([, n]) => Number(n))
  expect(pongs.at(-1)).toBe(4_999)
  expect(pongs.length).toBeLessThan(1_000)
  expect(pongs).toEqual(pongs.toSorted((a, b) => a - b))
})

describe('pipelined requests', () => {
  const SSE = request('a', 'Accept: text/event-stream')

  test('leave nothing behind when their connection ends', async ({ mount }) => {
    const { hub, ...ports } = await mount({ maxConnectionsPerAddress: 2 })
    for (let n = 0; n < 3; n += 1) {
      const socket = ask(ports, SSE + SSE)
      await subscribers(hub, 1)
      socket.destroy()
      await subscribers(hub, 0)
    }
    expect((await fetch(`http://127.0.0.1:${ports.port}/push/a?wait=0`)).status).toBe(304)
  })

  test('get their responses one after the other', async ({ mount }) => {
    const { hub, ...ports } = await mount()
    const { text } = await untilEnded(
      ask(ports, post(3, 'one') + post(3, 'two') + SSE.replace('/a', '/b?wait=0&x=')).on('data', (chunk) => {
        if (String(chunk).includes('push.open')) hub.delete('b')
      }),
    )
    expect(text.match(/HTTP\/1.1 (\d+)/g)).toEqual(['HTTP/1.1 202', 'HTTP/1.1 202', 'HTTP/1.1 200'])
    expect(hub.state('a')?.messages).toBe(2)
  })
})

test('`maxIncomingBytes` cannot be below `maxMessageBytes`', () => {
  expect(() => createHub({ maxIncomingBytes: 1_000, maxMessageBytes: 1_001 })).toThrow(
    expect.objectContaining({ code: 'invalid-option' }),
  )
})

describe('a WebSocket message in very small pieces', () => {
  const turn = () => new Promise((resolve) => setImmediate(resolve))
  /** Each write is read before the next one. */
  const inPackets = async (socket: Socket, bytes: Buffer, size: number) => {
    socket.setNoDelay(true)
    for (let sent = 0; sent < bytes.length && !socket.destroyed; sent += size) {
      socket.write(bytes.subarray(sent, sent + size))
      await turn()
      await turn()
    }
  }
  const fragments = (count: number, size: number) => {
    const one = (opcode: number, fin: number) =>
      Buffer.concat([Buffer.of(fin | opcode, 0x80 | size, 0, 0, 0, 0), Buffer.alloc(size, 'x')])
    return Buffer.concat([one(TEXT, 0), ...Array.from({ length: count - 2 }, () => one(0, 0)), one(0, 0x80)])
  }

  test('counts with the cost of its packets', async ({ mount }) => {
    const { hub, ...ports } = await mount({ maxMessageBytes: 10_000, maxIncomingBytes: 10_000 })
    const socket = ask(ports, request('a', UPGRADE))
    await subscribers(hub, 1)
    read(socket)
    await inPackets(socket, frame(TEXT, 'x'.repeat(1_000)), 1)
    await ended(socket)
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })

  test('is not a ping, and pings in many packets cost nothing', async ({ mount }) => {
    const { hub, ...ports } = await mount({ maxMessageBytes: 10_000, maxIncomingBytes: 10_000 })
    const socket = ask(ports, request('a', UPGRADE))
    await subscribers(hub, 1)
    read(socket)
    await inPackets(socket, Buffer.concat(Array.from({ length: 200 }, () => frame(PING, 'alive'))), 3)
    socket.write(frame(TEXT, 'one'))
    await until(() => hub.state('a')?.messages === 1 || socket.closed)
    expect(hub.state('a')?.messages).toBe(1)
  })

  test('may have fragments, but not one for each byte', async ({ mount }) => {
    const { hub, ...ports } = await mount({ maxMessageBytes: 100_000 })
    const honest = ask(ports, request('a', UPGRADE))
    await subscribers(hub, 1)
    honest.write(fragments(1_000, 100))
    await until(() => hub.state('a')?.messages === 1 || honest.closed)
    expect(hub.state('a')?.messages).toBe(1)
    const hostile = ask(ports, request('a', UPGRADE))
    await subscribers(hub, 2)
    read(hostile)
    hostile.write(fragments(10_000, 1))
    await ended(hostile)
    expect(hub.state('a')?.messages).toBe(1)
  })
})

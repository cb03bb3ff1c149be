import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildPrograms, type Program, type Programs } from './processes.ts'
import type { MeasureOrders } from './processes/measure.ts'

const KIBIBYTE = 1_024
const MEBIBYTE = 1_048_576
const LIMITS = {
  maxMessageBytes: 256 * KIBIBYTE,
  maxIncomingBytes: 4 * MEBIBYTE,
  maxOutgoingBytes: 8 * MEBIBYTE,
  maxHistoryBytes: 4 * MEBIBYTE,
}
/** What a connection costs beside what is counted: its objects, and what its socket reads at once. In bytes. */
const EACH = 40_000
/** What a process needs that works hard, in bytes. */
const SLACK = 8 * MEBIBYTE

const HOSTILE = '127.0.0.2'
const HONEST = '127.0.0.3'

let programs: Programs
beforeAll(async () => void (programs = await buildPrograms()))
afterAll(() => programs.stop())

interface Doors {
  readonly port: number
  readonly tcpPort: number
}

interface Attack {
  readonly connections: number
  /** What one connection sends; `sent` resolves when the hub has taken it, or has closed the connection. */
  one(doors: Doors): Promise<Socket>
}

const GET = (target: string, ...head: string[]) =>
  `GET /push/${target} HTTP/1.1\r\nHost: localhost\r\n${head.map((field) => `${field}\r\n`).join('')}\r\n`
const UPGRADE = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const META = 'Sec-WebSocket-Protocol: ws+meta.nchan'

/** A frame as a client sends it, masked with zeros; of its payload, so many bytes. */
function frame(first: number, payload: Buffer, length = payload.length): Buffer {
  const head = length < 126 ? Buffer.of(first, 0x80 | length) : Buffer.alloc(10)
  if (length >= 126) {
    head.set([first, 0x80 | 127])
    head.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([head, Buffer.alloc(4), payload])
}
const [TEXT, BYTES, PING, CONTINUED] = [0x81, 0x82, 0x89, 0x00]
const x = (length: number) => Buffer.alloc(length, 'x')

function open(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', localAddress: HOSTILE })
  socket.on('error', () => {})
  socket.resume()
  return socket
}

/** Writes, and waits until all has left or the connection is closed. */
const write = (socket: Socket, bytes: Buffer | string) =>
  new Promise<void>((resolve) => {
    if (socket.destroyed) return resolve()
    socket.once('close', () => resolve())
    socket.write(bytes, () => resolve())
  })

/** Asks, and waits for the answer to begin. */
async function ask(port: number, first: string | Buffer): Promise<Socket> {
  const socket = open(port)
  const answered = Promise.race([once(socket, 'data'), once(socket, 'close')])
  await write(socket, first)
  await answered
  return socket
}

const webSocket = ({ port }: Doors, channel = 'a') => ask(port, GET(channel, ...UPGRADE, META))

const ATTACKS: Record<string, Attack> = {
  'bodies that are not whole': {
    connections: 100,
    async one({ port }) {
      const socket = open(port)
      await write(
        socket,
        `POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${LIMITS.maxMessageBytes}\r\n\r\n`,
      )
      await write(socket, x(LIMITS.maxMessageBytes - 1))
      return socket
    },
  },
  'WebSocket messages that are not whole': {
    connections: 100,
    async one(doors) {
      const socket = await webSocket(doors)
      await write(socket, frame(TEXT, x(LIMITS.maxMessageBytes - 1), LIMITS.maxMessageBytes))
      return socket
    },
  },
  'fragments of one byte between pings, each of which keeps a packet': {
    connections: 10,
    async one(doors) {
      const socket = await webSocket(doors)
      const pings = Buffer.concat(Array.from({ length: 450 }, () => frame(PING, x(125))))
      await write(socket, frame(0x01, x(1)))
      for (let n = 0; n < 100; n += 1) await write(socket, Buffer.concat([frame(CONTINUED, x(1)), pings]))
      return socket
    },
  },
  'lines that are not whole': {
    connections: 40,
    async one({ tcpPort }) {
      const socket = await ask(tcpPort, '{"subscribe":"./a"}\n')
      await write(socket, Buffer.concat([Buffer.from('{"text":"'), x(MEBIBYTE)]))
      return socket
    },
  },
  'frames of a tunnel that are not whole': {
    connections: 40,
    async one({ port }) {
      const socket = await ask(port, GET('', ...UPGRADE))
      await write(socket, frame(BYTES, x(MEBIBYTE), MEBIBYTE + 1))
      return socket
    },
  },
  'messages that wait for `authorize`': {
    connections: 100,
    async one(doors) {
      const socket = await webSocket(doors, 'slow')
      await write(socket, frame(TEXT, x(LIMITS.maxMessageBytes - 1)))
      return socket
    },
  },
  'messages that wait for `authorize`, of connections that have left': {
    connections: 100,
    async one(doors) {
      const socket = await webSocket(doors, 'slow')
      await write(socket, Buffer.concat(Array.from({ length: 8_000 }, () => frame(TEXT, x(0)))))
      socket.end()
      await once(socket, 'close')
      return socket
    },
  },
  'requests that are pipelined behind a stream': {
    connections: 50,
    async one({ port }) {
      const socket = await ask(port, GET('a', 'Accept: text/event-stream'))
      // The hub reads a part of it only. It has done so when it responds to a later request.
      void write(socket, GET('a', 'Accept: text/event-stream', `X-Long: ${'x'.repeat(15_000)}`).repeat(60))
      const later = await ask(port, GET('a', 'Accept: text/event-stream'))
      later.destroy()
      return socket
    },
  },
}

test.each(Object.entries(ATTACKS))(
  '%s are limited, and prevent no other client from sending',
  async (_, { connections, one }) => {
    const hub: Program<MeasureOrders> = programs.start(
      'bounded',
      [JSON.stringify(LIMITS)],
      ['--import', programs.path('measure')],
    )
    const port = Number((await hub.says(/hub on http:\/\/127\.0\.0\.1:(\d+)/))[1])
    const tcpPort = Number((await hub.says(/TCP: port (\d+)/))[1])
    const before = await hub.tell.measure()

    const sockets: Socket[] = []
    let most = 0
    for (let begun = 0; begun < connections; begun += 10) {
      sockets.push(...(await Promise.all(Array.from({ length: 10 }, () => one({ port, tcpPort })))))
      most = Math.max(most, (await hub.tell.measure()).memory)
    }
    // Whole, and larger than what any of the others may keep.
    expect(await post(port, x(LIMITS.maxMessageBytes - 1))).toBe(202)
    most = Math.max(most, (await hub.tell.measure()).memory)
    const allowed = LIMITS.maxIncomingBytes + LIMITS.maxHistoryBytes + connections * EACH + SLACK
    console.log(
      `bounds  ${_}  at most ${Math.round((most - before.memory) / MEBIBYTE)} MiB of ${Math.round(allowed / MEBIBYTE)}`,
    )
    expect(most - before.memory).toBeLessThan(allowed)

    for (const socket of sockets) socket.destroy()
    await expect.poll(async () => (await hub.tell.measure()).descriptors).toBeLessThanOrEqual(before.descriptors + 1)
    hub.child.kill('SIGKILL')
  },
)

function post(port: number, body: Buffer): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { port, host: '127.0.0.1', localAddress: HONEST, method: 'POST', path: '/push/honest', agent: false },
      (response) => {
        response.resume()
        resolve(response.statusCode)
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })
}

import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import { test as base } from './serve.ts'

export interface Mounted {
  hub: Hub
  port: number
  /** Where lines are spoken. */
  tcpPort: number
  /** How many connections the application's server has. */
  connections(): number
}

/** A hub in an application's own server, which has no timeouts of its own. */
export const test = base.extend<{ mount: (options?: HubOptions) => Promise<Mounted> }>({
  mount: async ({}, use) => {
    const undo: (() => Promise<void>)[] = []
    await use(async (options) => {
      const mounted = await mountHub(options)
      undo.push(mounted.close)
      return mounted
    })
    await Promise.all(undo.map((close) => close()))
  },
})

export async function mountHub(options?: HubOptions): Promise<Mounted & { close(): Promise<void> }> {
  const hub = createHub(options)
  const { port: tcpPort } = await hub.listenTcp()
  const sockets = new Set<Socket>()
  const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, (request, response) => {
    if (!hub.handle(request, response)) response.writeHead(404).end()
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    hub,
    port: (server.address() as AddressInfo).port,
    tcpPort,
    connections: () => sockets.size,
    async close() {
      await hub.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/**
 * Takes a hub's checks for stalls, with this `stallTimeout`, into the test's hands: it lets the time between two pass, once
 * what is under way in this process has arrived. Call it before the hub is made.
 */
export function checksForStalls(stallTimeout: number): () => Promise<void> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  return async () => {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    vi.advanceTimersByTime(stallTimeout / 4)
  }
}

export const UPGRADE =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ws+meta.nchan'

/** Everything that carries a channel without an end: how it is asked for, by bytes. */
export const STREAMS = [
  ['an event stream', request('a', 'Accept: text/event-stream')],
  ['a multipart stream', request('a', 'Accept: multipart/mixed')],
  ['a forever frame', request('a?frame=abcdefgh&frame_parent=http://localhost')],
  ['a WebSocket', request('a', UPGRADE)],
  ['a TCP connection', '{"subscribe":"./a"}\n'],
] as const

export function request(target: string, ...head: string[]): string {
  return `${[`GET /push/${target} HTTP/1.1`, 'Host: localhost', ...head].join('\r\n')}\r\n\r\n`
}

/** Connects, sends some bytes, and reads nothing until it is resumed. */
export function ask({ port, tcpPort }: { port: number; tcpPort?: number }, bytes: string): Socket {
  const socket = connect(bytes.startsWith('{') ? (tcpPort ?? port) : port, '127.0.0.1')
  socket.pause()
  socket.on('error', () => {})
  socket.write(bytes)
  onTestFinished(() => void socket.destroy())
  return socket
}

/** Waits until something is so, at most as long as the test lasts. */
export async function until(holds: () => boolean): Promise<void> {
  let over = false
  onTestFinished(() => void (over = true))
  while (!over && !holds()) await new Promise(setImmediate)
}

export const subscribers = (hub: Hub, count: number) => until(() => (hub.state('a')?.subscribers ?? 0) === count)

/** A message with a number, so that a reader of any stream sees it in its bytes. */
export const numbered = (n: number, size: number): string => `[[${n}]]`.padEnd(size, '.')

/** The numbers of messages that come over a connection, and the words `gap` and `end` among them, in order. */
export function readNumbers(socket: Socket): (number | string)[] {
  const seen: (number | string)[] = []
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    text += String(chunk)
    let read = 0
    for (const match of text.matchAll(/\[\[(\d+)\]\]|push\W{1,4}(gap|end)\b/gi)) {
      seen.push(match[1] === undefined ? String(match[2]) : Number(match[1]))
      read = match.index + match[0].length
    }
    // Half of a match may have come.
    text = text.slice(Math.max(read, text.length - 40))
  })
  return seen
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n)

import { connect, type Socket } from 'node:net'
import { obey } from '../../test/servers/remote.ts'
import { memory } from './memory.ts'

/** A character that occurs once in each message, and nowhere else in what the hub sends. */
const MARK = '#'.charCodeAt(0)

const HEADS = {
  sse: 'Accept: text/event-stream\r\n',
  webSocket:
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ws+meta.nchan\r\n',
} as const
export type ReaderKind = keyof typeof HEADS

let sockets: Socket[] = []
let received = 0
let target = Infinity
let onTarget = () => {}

const open = (port: number, channel: string, kind: ReaderKind) =>
  new Promise<void>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.once('error', reject)
    // The first bytes are the head of the response.
    socket.once('data', () => resolve())
    socket.on('data', (bytes) => {
      for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) received += 1
      if (received >= target) onTarget()
    })
    socket.write(`GET /push/${channel} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${HEADS[kind]}\r\n`)
  })

const orders = {
  /** Opens `count` connections, 50 at a time, and resolves when each has a response. */
  async open(port: number, channel: string, kind: ReaderKind, count: number) {
    received = 0
    for (let left = count; left > 0; left -= 50)
      await Promise.all(Array.from({ length: Math.min(50, left) }, () => open(port, channel, kind)))
  },
  /** Resolves when all connections together received `messages` messages, with the count. */
  async receive(messages: number) {
    target = messages
    if (received < messages) await new Promise<void>((resolve) => (onTarget = resolve))
    return received
  },
  close() {
    for (const socket of sockets) socket.destroy()
    sockets = []
  },
  memory,
}
export type ReaderOrders = typeof orders

obey(orders)

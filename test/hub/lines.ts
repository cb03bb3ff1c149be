import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { WebSocket, createWebSocketStream } from 'ws'

/** A connection whose messages are lines. */
export interface Lines {
  send(line: object | string): void
  /** The next line, parsed; undefined: it ended. */
  next(): Promise<Record<string, unknown> | undefined>
  leave(): void
}

/** Speaks lines over TCP. */
export function overTcp(port: number): Lines & { socket: Socket } {
  const socket = connect(port, '127.0.0.1')
  return { socket, ...lines(socket, (text) => socket.write(text)), leave: () => socket.destroy() }
}

/** Speaks lines through a WebSocket to a tunnel. */
export function throughTunnel(url: string, headers: Record<string, string> = {}) {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers })
  const first = new Promise<Buffer>((resolve) => socket.once('message', (data: Buffer) => resolve(data)))
  const refused = new Promise<number | undefined>((resolve) =>
    socket.once('unexpected-response', (request, { statusCode }) => {
      request.destroy()
      resolve(statusCode)
    }),
  )
  const stream = createWebSocketStream(socket)
  stream.on('error', () => {})
  return { socket, first, refused, ...lines(stream, (text) => stream.write(text)), leave: () => socket.terminate() }
}

function lines(from: Readable, write: (text: string) => void): Omit<Lines, 'leave'> {
  from.on('error', () => {})
  const read = createInterface({ input: from })[Symbol.asyncIterator]()
  return {
    send: (line) => write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`),
    async next() {
      const { value } = (await read.next()) as { value: string | undefined }
      return value === undefined ? undefined : (JSON.parse(value) as Record<string, unknown>)
    },
  }
}

import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { ControlWord } from '../protocol.ts'
import type { Channel, Resumption } from './channel.ts'
import { formatId } from './message-id.ts'
import { writtenAs, type Message, type Publication } from './message.ts'
import type { Stream } from './streams.ts'

const GONE = 1001
const RESTART = 1012
const REFUSED = 1008

export interface WebSocketOptions {
  socket: WebSocket
  channel: Channel
  resumption: Resumption
  /** In ms. */
  heartbeat: number
  /** In bytes. */
  maxBacklog: number
  /** Publishes what the client sends; throws where it may not. */
  publish: (publication: Publication) => void
}

/** Sends a channel over a WebSocket, subprotocol `ws+meta.nchan` (PROTOCOL.md section 5). */
export function webSocket({
  socket,
  channel,
  resumption: { gap, messages, from },
  heartbeat,
  maxBacklog,
  publish,
}: WebSocketOptions): Stream {
  let allowance = Infinity
  const write = (bytes: Buffer | string, binary: boolean) => {
    // A reader that cannot keep up is cut, and resumes by its cursor when it can.
    if (socket.bufferedAmount > allowance) socket.terminate()
    else socket.send(bytes, { binary })
  }
  const say = (word: ControlWord, data: unknown, id?: string) => write(control(word, data, id), false)
  const deliver = (message: Message) =>
    write(writtenAs(message, 'web-socket', writeMessage), message.text === undefined)

  const place = formatId(from)
  say('open', { heartbeat: heartbeat / 1_000 }, place)
  if (gap) say('gap', { reason: gap }, place)
  for (const message of messages) deliver(message)
  // What a reader was owed when it came does not count against it, or it would be cut each time it comes back.
  allowance = socket.bufferedAmount + maxBacklog

  const unsubscribe = channel.subscribe({
    deliver,
    end() {
      say('end', {})
      socket.close(GONE, '410 Gone')
    },
  })
  socket.on('message', (data: RawData, binary: boolean) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
    try {
      publish(binary ? { body: bytes } : { body: bytes, contentType: 'text/plain' })
    } catch (error) {
      socket.close(REFUSED, String(error instanceof Error ? error.message : error).slice(0, 120))
    }
  })
  socket.on('close', unsubscribe)
  return {
    beat: () => say('ping', 1),
    stop() {
      unsubscribe()
      socket.close(RESTART, 'the hub stops: come back')
    },
    cut: () => socket.terminate(),
  }
}

/** Tells a subscriber of an ended channel so. */
export function webSocketEnd(socket: WebSocket): void {
  socket.send(control('end', {}))
  socket.close(GONE, '410 Gone')
}

const control = (word: ControlWord, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}push: ${word}\n\n${JSON.stringify(data)}`

function writeMessage({ cursor, contentType, event, body }: Message): Buffer {
  const name = event === undefined ? '' : `event: ${event}\n`
  return Buffer.concat([Buffer.from(`id: ${cursor}\ncontent-type: ${contentType}\n${name}\n`), body])
}

/** Refuses an upgrade with a status and one line. */
export function refuseUpgrade(socket: Duplex, status: number, line: string): void {
  const body = `${line}\n`
  socket.on('error', () => {})
  // A refused peer that never closes its side would keep the connection.
  socket.once('finish', () => socket.destroy())
  const upgrade = status === 426 ? 'Upgrade: websocket\r\n' : ''
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${upgrade}Content-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

import type { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import type { ControlWord } from '../protocol.ts'
import type { Channel, Resumption } from './channel.ts'
import { greeting } from './greeting.ts'
import { formatId } from './message-id.ts'
import type { Message } from './message.ts'
import { metaControl, metaHead } from './meta-frame.ts'
import type { Stream } from './streams.ts'
import { taking, type TakingOptions } from './taking.ts'

const GONE = 1001
const RESTART = 1012
const REFUSED = 1008
const LATER = 1013

export interface WebSocketOptions {
  socket: WebSocket
  /** What it runs on. */
  carrier: Duplex
  channel: Channel
  resumption: Resumption
  /** In ms. */
  heartbeat: number
  /** In bytes. */
  maxBacklog: number
  /** Publishes what the client sends, or says why not. */
  publish: TakingOptions['publish']
}

/** Sends a channel over a WebSocket, subprotocol `ws+meta.nchan` (PROTOCOL.md section 5). */
export function webSocket({
  socket,
  carrier,
  channel,
  resumption: { gap, messages, from },
  heartbeat,
  maxBacklog,
  publish,
}: WebSocketOptions): Stream {
  let allowance = Infinity
  const write = (bytes: Buffer | string, binary: boolean) => {
    // A reader that cannot keep up is cut, and resumes by its cursor when it can.
    if (socket.bufferedAmount > allowance) return socket.terminate()
    // What is sent in one go travels in one go, as `node:http` does it for answers.
    if (carrier.writableCorked === 0) {
      carrier.cork()
      process.nextTick(() => carrier.uncork())
    }
    socket.send(bytes, { binary })
  }
  const say = (word: ControlWord, data: unknown, id?: string) => write(metaControl(word, data, id), false)
  const deliver = (message: Message) =>
    write(message.spellings.of(message, 'web-socket', writeMessage), !message.isText)

  const place = formatId(from)
  say('open', greeting(heartbeat), place)
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
  const take = taking({
    publish,
    refuse: ({ line, headers }) => socket.close(headers?.['Retry-After'] ? LATER : REFUSED, line.slice(0, 120)),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  })
  socket.on('message', (data: RawData, binary: boolean) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)
    take(binary ? { body: bytes } : { body: bytes, contentType: 'text/plain' })
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
  socket.send(metaControl('end', {}))
  socket.close(GONE, '410 Gone')
}

const writeMessage = (message: Message): Buffer => Buffer.concat([Buffer.from(metaHead(message)), message.body])

import type { Duplex } from 'node:stream'
import type { RawData, ServerOptions, WebSocket } from 'ws'
import { FrameBoundaries } from './frame-boundaries.ts'
import type { Incoming, Reception } from './incoming.ts'
import { formatId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'
import { metaControl, metaHead } from '../encoders/nchan-frame.ts'
import type { Farewell, Sink } from './outbound-queue.ts'
import type { Publisher } from './publisher.ts'
import type { Spelling } from '../encoders/encoder.ts'
import { closeOf } from '../http/http-errors.ts'
import { ChannelStream, type StreamOptions } from './stream.ts'
import type { Stream } from './connection-set.ts'
import { taking } from './inbound-queue.ts'

const GONE = 1001
const RESTART = 1012

export interface WebSocketOptions extends StreamOptions {
  socket: WebSocket
  /** What it runs on. */
  carrier: Duplex
  /** What it sends is counted here. */
  incoming: Incoming
  publisher: Publisher
}

/** Sends a channel over a WebSocket, subprotocol `ws+meta.nchan` (PROTOCOL.md section 5). */
export function webSocket({ socket, carrier, incoming, publisher, ...options }: WebSocketOptions): Stream {
  const stream = new ChannelStream({ ...options, sink: new WebSocketSink(socket, carrier), spelling: META_FRAMES })
  const reception = incoming.receive(options.limitKey, () => socket.terminate())
  countUnfinished(socket, carrier, reception)
  const take = taking({
    publisher,
    reception,
    maxBufferedBytes: options.maxBufferedBytes,
    refuse: (refusal) => stream.refuse(refusal),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  })
  socket.on('message', (data: RawData, binary: boolean) => {
    const body = data as Buffer
    take(binary ? { body } : { body, contentType: 'text/plain' })
  })
  answerPings(socket)
  return stream
}

/** How the hub accepts WebSockets: what one client can make a server keep is bounded. */
export const boundedServer = (maxPayload: number): ServerOptions => ({
  noServer: true,
  perMessageDeflate: false,
  maxPayload,
  // An unfinished frame is kept as the packets that it came in, some hundred bytes each.
  maxBufferedChunks: 1_024 + Math.ceil(maxPayload / 128),
  maxFragments: 1_024 + Math.ceil(maxPayload / 1_024),
  // `answerPings` does.
  autoPong: false,
})

/** Tells a subscriber of an ended channel so, and before it that messages are missing. */
export function webSocketEnd(socket: WebSocket, { complete }: { readonly complete: boolean }): void {
  if (!complete) socket.send(metaControl('gap', { reason: 'history-expired' }))
  socket.send(metaControl('end', {}))
  socket.close(...closing('ended'))
}

/**
 * Answers pings, of a server with `autoPong: false`. While a pong is not sent, only the latest ping is answered next
 * (RFC 6455 section 5.5.3), so that a client which reads no pongs makes nothing pile up.
 */
export function answerPings(socket: WebSocket): void {
  let latest: Buffer | undefined
  let sending = false
  const send = () => {
    sending = latest !== undefined && socket.readyState === socket.OPEN
    if (!sending) return
    const data = latest
    latest = undefined
    socket.pong(data, false, send)
  }
  socket.on('ping', (data: Buffer) => {
    latest = data
    if (!sending) send()
  })
}

/** What keeping a packet costs beside its bytes, in bytes: a client may send every byte as a packet of its own. */
const PACKET = 128

/**
 * Counts what has come of a message that is not whole, and when one is: before the socket reads it. A fragment keeps the
 * whole packet that it came in, so what is beside it there counts too.
 */
export function countUnfinished(socket: WebSocket, carrier: Duplex, reception: Reception): void {
  const boundaries = new FrameBoundaries()
  // Nothing is kept while a close is negotiated, either.
  carrier.prependListener('data', (chunk: Buffer) => {
    const { messages } = boundaries
    boundaries.read(chunk)
    reception.came(chunk.length)
    const isUnfinished = boundaries.unfinished > 0
    if (boundaries.messages > messages || !isUnfinished) reception.clear()
    if (isUnfinished && !reception.add(chunk.length + PACKET)) socket.terminate()
  })
  socket.on('close', () => reception.close())
}

const META_FRAMES: Spelling = {
  carrier: 'web-socket',
  message: (message: Message) => Buffer.concat([Buffer.from(metaHead(message)), message.body]),
  control: (word, data, place) => metaControl(word, data, place && formatId(place)),
}

class WebSocketSink implements Sink {
  private readonly socket: WebSocket
  private readonly carrier: Duplex

  constructor(socket: WebSocket, carrier: Duplex) {
    this.socket = socket
    this.carrier = carrier
  }

  get buffered(): number {
    return this.socket.bufferedAmount
  }

  /** The pieces of a message are its fragments. */
  write(piece: Buffer | string, binary: boolean, last: boolean): boolean {
    const { socket, carrier } = this
    if (socket.readyState !== socket.OPEN) return true
    // What is sent in one go travels in one go, as `node:http` does it for answers.
    if (carrier.writableCorked === 0) {
      carrier.cork()
      process.nextTick(uncork, carrier)
    }
    socket.send(piece, { binary, fin: last })
    return !carrier.writableNeedDrain
  }

  end(farewell: Farewell): void {
    this.socket.close(...closing(farewell))
  }

  destroy(): void {
    this.socket.terminate()
  }

  onDrain(listener: () => void): void {
    this.carrier.on('drain', listener)
  }

  onClose(listener: () => void): void {
    this.socket.on('close', listener)
  }
}

const uncork = (carrier: Duplex): void => carrier.uncork()

/** The code and the reason of a close frame. */
function closing(farewell: Farewell): [code: number, reason: string] {
  if (farewell === 'ended') return [GONE, '410 Gone']
  return farewell === 'restart' ? [RESTART, 'the hub stops: come back'] : closeOf(farewell)
}

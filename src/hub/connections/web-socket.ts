import type { Duplex } from 'node:stream'
import type { RawData, ServerOptions, WebSocket } from 'ws'
import type { Permission } from './admit.ts'
import { FrameBoundaries } from './frame-boundaries.ts'
import { publishInOrder, type InboundQueueOptions } from './inbound-queue.ts'
import type { InboundAccount, InboundBudget } from './inbound-budget.ts'
import { formatId } from '../channels/message-id.ts'
import type { MessageContent } from '../channels/message.ts'
import { metaControl, metaHead } from '../encoders/nchan-frame.ts'
import type { Encoder } from '../encoders/encoder.ts'
import { ChannelStream, type StreamOptions } from './stream.ts'
import type { Connection } from './connection-set.ts'
import { closeWebSocket, WebSocketSink } from './sink.ts'

export interface WebSocketOptions extends StreamOptions, Pick<InboundQueueOptions, 'admission' | 'publish'> {
  permission: Permission
  socket: WebSocket
  /** The socket that transports the WebSocket. */
  transport: Duplex
  inbound: InboundBudget
}

/** Sends a channel over a WebSocket, and publishes what the client sends (PROTOCOL.md section 5). */
export function serveWebSocket({ socket, transport, inbound, ...options }: WebSocketOptions): Connection {
  const stream = new ChannelStream({ ...options, sink: new WebSocketSink(socket, transport), encoder: META_FRAMES })
  const account = inbound.open(options.limitKey, () => socket.terminate())
  countIncomplete(socket, transport, account)
  const publish = publishInOrder({
    ...options,
    account,
    refuse: (refusal) => stream.refuse(refusal),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  })
  socket.on('message', (data: RawData, binary: boolean) => {
    const body = data as Buffer
    publish(binary ? { body } : { body, contentType: 'text/plain' })
  })
  answerPings(socket)
  return stream
}

/** Server options that bound what one client can make the server keep. */
export const boundedServer = (maxPayload: number): ServerOptions => ({
  noServer: true,
  perMessageDeflate: false,
  maxPayload,
  // An incomplete frame is kept as the packets in which it arrived, some hundred bytes each.
  maxBufferedChunks: 1_024 + Math.ceil(maxPayload / 128),
  maxFragments: 1_024 + Math.ceil(maxPayload / 1_024),
  // `answerPings` sends pongs.
  autoPong: false,
})

/** Sends the end of a deleted channel to a subscriber, after a gap if it did not receive every message. */
export function endWebSocket(socket: WebSocket, { complete }: { readonly complete: boolean }): void {
  if (!complete) socket.send(metaControl('gap', { reason: 'history-expired' }))
  socket.send(metaControl('end', {}))
  closeWebSocket(socket, 'ended')
}

/**
 * Answers pings on a server with `autoPong: false`. While a pong is being sent, only the latest ping is kept (RFC 6455
 * section 5.5.3), so that pongs for a client that does not read them never accumulate.
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

/** The cost of a packet beside its bytes, in bytes. A client may send every byte as a packet of its own. */
const PACKET = 128

/**
 * Counts incomplete messages before the socket reads them. A fragment keeps the whole packet in which it arrived, so the
 * rest of that packet counts too.
 */
export function countIncomplete(socket: WebSocket, transport: Duplex, account: InboundAccount): void {
  const boundaries = new FrameBoundaries()
  // Also while a close is negotiated.
  transport.prependListener('data', (chunk: Buffer) => {
    const { messages } = boundaries
    boundaries.read(chunk)
    account.receive(chunk.length)
    const isIncomplete = boundaries.incomplete > 0
    if (boundaries.messages > messages || !isIncomplete) account.clear()
    if (isIncomplete && !account.add(chunk.length + PACKET)) socket.terminate()
  })
  socket.on('close', () => account.close())
}

const META_FRAMES: Encoder = {
  encoding: 'meta-frame',
  message: (message: MessageContent) => Buffer.concat([Buffer.from(metaHead(message)), message.body]),
  control: (word, data, id) => metaControl(word, data, id && formatId(id)),
}

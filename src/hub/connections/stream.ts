import type { ServerResponse } from 'node:http'
import type { Channel, Resumption, Subscriber } from '../channels/channel.ts'
import type { MessageId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'
import { OutboundQueue, type QueueLimits } from './outbound-queue.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import type { Encoder, ResponseEncoder } from '../encoders/encoder.ts'
import type { Connection } from './connection-set.ts'
import { WritableSink, type Sink } from './sink.ts'

export interface StreamOptions extends QueueLimits {
  channel: Channel
  resumption: Resumption
  /** In ms. */
  heartbeat: number
  report: Report
}

export interface ChannelStreamOptions extends StreamOptions {
  sink: Sink
  encoder: Encoder
  /** Encodes a refusal as the last message, if the stream itself can carry one. */
  encodeRefusal?: (refusal: Refusal) => string
}

/** Sends a channel as a response that does not end. */
export function sendStream(
  response: ServerResponse,
  { encoder, ...options }: StreamOptions & { encoder: ResponseEncoder },
): Connection {
  startStream(response, encoder)
  return new ChannelStream({ ...options, sink: new WritableSink(response, encoder.delimiter), encoder })
}

/** Sends the head of a response that does not end. */
export function startStream(response: ServerResponse, { contentType }: Pick<ResponseEncoder, 'contentType'>): void {
  // Chromium reads an abandoned response for five more seconds to reuse its connection, unless it cannot. A page that
  // changes streams would soon wait for one of its six connections.
  if (response.req.httpVersionMajor === 1) response.setHeader('Connection', 'close')
  response.writeHead(200, { 'Content-Type': contentType, 'X-Accel-Buffering': 'no' })
}

/**
 * Sends a channel to one client, over any sink. It reads kept messages from the channel as fast as the client takes them.
 * After the last of them, live messages follow. It is a class because a hub has thousands of streams.
 */
export class ChannelStream implements Connection, Subscriber {
  private readonly channel: Channel
  private readonly encoder: Encoder
  private readonly encodeRefusal: ChannelStreamOptions['encodeRefusal']
  private readonly maxBufferedBytes: number
  private readonly report: Report
  private readonly queue: OutboundQueue
  private readonly unsubscribe: () => void
  /** Kept messages after this id are not written yet. Undefined: all are, and live messages follow. */
  private position: MessageId | undefined

  constructor({
    sink,
    channel,
    resumption,
    heartbeat,
    maxBufferedBytes,
    outbound,
    limitKey,
    stalls,
    encoder,
    encodeRefusal,
    report,
  }: ChannelStreamOptions) {
    const { gap, from } = resumption
    const { preamble = '', control } = encoder
    this.channel = channel
    this.encoder = encoder
    this.encodeRefusal = encodeRefusal
    this.maxBufferedBytes = maxBufferedBytes
    this.report = report
    this.position = from
    this.queue = new OutboundQueue(sink, { maxBufferedBytes, outbound, limitKey, stalls, onRoom: () => this.catchUp() })
    // Before a gap, `open` has no cursor: no client may resume after the gap without having received it.
    this.queue.write(preamble + control('open', { heartbeat: heartbeat / 1_000, gaps: true }, gap ? undefined : from))
    if (gap) this.queue.write(control('gap', { reason: gap }, from))
    this.unsubscribe = channel.subscribe(this)
    sink.onClose(this.unsubscribe)
    this.catchUp()
  }

  deliver(message: Message): void {
    // `catchUp` reads this message from the channel later.
    if (this.position) return
    try {
      this.queue.push(this.encode(message), !message.isText)
    } catch (error) {
      this.fail(error)
    }
  }

  end(): void {
    const { control } = this.encoder
    // The channel will be gone, so the messages that it kept go to the queue now.
    this.catchUp(() => this.queue.size < this.maxBufferedBytes)
    if (this.position) this.queue.write(control('gap', { reason: 'history-expired' }, this.channel.last))
    this.queue.end('ended', control('end', {}))
  }

  ping(): void {
    // If messages wait, they serve as the heartbeat. If none do, everything up to the current id was written.
    if (this.queue.size === 0) this.queue.write(this.encoder.control('ping', 1, this.position ?? this.channel.current))
  }

  stop(): void {
    this.unsubscribe()
    this.queue.end('restart')
  }

  /** Ends the connection with a refusal, after the messages that wait. */
  refuse(refusal: Refusal): void {
    this.queue.end(refusal, this.encodeRefusal?.(refusal))
  }

  terminate(): void {
    this.queue.destroy()
  }

  private encode(message: Message): Buffer {
    return message.encodings.get(message, this.encoder.encoding, this.encoder.message)
  }

  /** A message that cannot be encoded closes this connection and no other. */
  private fail(error: unknown): void {
    this.report('A message could not be encoded', error)
    this.terminate()
  }

  /** Writes kept messages, as long as there is room. */
  private catchUp(hasRoom = () => this.queue.hasRoom): void {
    try {
      this.writeKept(hasRoom)
    } catch (error) {
      this.fail(error)
    }
  }

  private writeKept(hasRoom: () => boolean): void {
    while (this.position && hasRoom()) {
      const { gap, messages, from } = this.channel.after(this.position)
      // The channel has dropped messages while the client read those before.
      if (gap) this.queue.write(this.encoder.control('gap', { reason: gap }, from))
      this.position = messages.length > 0 ? from : undefined
      for (const message of messages) {
        if (!hasRoom()) break
        this.queue.write(this.encode(message), !message.isText)
        this.position = message.id
      }
    }
  }
}

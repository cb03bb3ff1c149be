import type { ServerResponse } from 'node:http'
import type { Channel, Resumption, Subscriber } from '../channels/channel.ts'
import { greeting } from '../encoders/greeting.ts'
import type { MessageId } from '../channels/message-id.ts'
import type { Message } from '../channels/message.ts'
import { OutboundQueue, type QueueLimits, type Sink } from './outbound-queue.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { Report } from '../report.ts'
import type { AnswerSpelling, Spelling } from '../encoders/encoder.ts'
import type { Stream } from './connection-set.ts'
import { WritableSink } from './writable-sink.ts'

export interface StreamOptions extends QueueLimits {
  channel: Channel
  resumption: Resumption
  /** In ms. */
  heartbeat: number
  report: Report
}

export interface SendOptions extends StreamOptions {
  sink: Sink
  spelling: Spelling
  /** The last words to a client that is refused, where the stream itself has any. */
  refusalText?: (refusal: Refusal) => string
}

/** Sends a channel as an answer that does not end. */
export function answerStream(
  response: ServerResponse,
  { spelling, ...options }: StreamOptions & { spelling: AnswerSpelling },
): Stream {
  // Of an answer that is left, Chromium reads on for five seconds to use the connection again, unless it cannot; so a
  // page that moves from stream to stream would soon wait for one of its six.
  if (response.req.httpVersionMajor === 1) response.setHeader('Connection', 'close')
  response.writeHead(200, { 'Content-Type': spelling.contentType, 'X-Accel-Buffering': 'no' })
  return new ChannelStream({ ...options, sink: new WritableSink(response, spelling.delimiter), spelling })
}

/**
 * Sends a channel to one client, whatever carries it. Kept messages that it is owed are read from the channel as it
 * takes them; when it has all, it joins the live messages. A class, because a hub has thousands.
 */
export class ChannelStream implements Stream, Subscriber {
  private readonly channel: Channel
  private readonly spelling: Spelling
  private readonly refusalText: SendOptions['refusalText']
  private readonly maxBufferedBytes: number
  private readonly report: Report
  private readonly out: OutboundQueue
  private readonly unsubscribe: () => void
  /** Everything up to here was written; undefined when it is the channel's last message, so that live ones follow. */
  private written: MessageId | undefined

  constructor({
    sink,
    channel,
    resumption,
    heartbeat,
    maxBufferedBytes,
    outgoing,
    limitKey,
    stalls,
    spelling,
    refusalText,
    report,
  }: SendOptions) {
    const { gap, from } = resumption
    const { preamble = '', control } = spelling
    this.channel = channel
    this.spelling = spelling
    this.refusalText = refusalText
    this.maxBufferedBytes = maxBufferedBytes
    this.report = report
    this.written = from
    this.out = new OutboundQueue(sink, { maxBufferedBytes, outgoing, limitKey, stalls, onRoom: () => this.catchUp() })
    // Where there is a gap its own word tells the place, so that nobody goes on from there who was not told of the gap.
    this.out.write(preamble + control('open', greeting(heartbeat), gap ? undefined : from))
    if (gap) this.out.write(control('gap', { reason: gap }, from))
    this.unsubscribe = channel.subscribe(this)
    sink.onClose(this.unsubscribe)
    this.catchUp()
  }

  deliver(message: Message): void {
    // A reader that cannot keep up is cut, and resumes by its cursor when it can.
    if (this.written) return
    try {
      this.out.push(this.bytes(message), !message.isText)
    } catch (error) {
      this.fail(error)
    }
  }

  end(): void {
    const { control } = this.spelling
    // The channel is gone, so what it kept waits here now.
    this.catchUp(() => this.out.size < this.maxBufferedBytes)
    if (this.written) this.out.write(control('gap', { reason: 'history-expired' }, this.channel.last))
    this.out.end('ended', control('end', {}))
  }

  beat(): void {
    // Where something waits, it is the sign of life, as soon as it is taken. Otherwise all until here was written.
    if (this.out.size === 0) this.out.write(this.spelling.control('ping', 1, this.written ?? this.channel.here))
  }

  stop(): void {
    this.unsubscribe()
    this.out.end('restart')
  }

  /** Ends the connection with a refusal, after what waits. */
  refuse(refusal: Refusal): void {
    this.out.end(refusal, this.refusalText?.(refusal))
  }

  cut(): void {
    this.out.destroy()
  }

  private bytes(message: Message): Buffer {
    return message.spellings.of(message, this.spelling.carrier, this.spelling.message)
  }

  /** A message that cannot be written costs this client its connection, and nobody else anything. */
  private fail(error: unknown): void {
    this.report('a message could not be written', error)
    this.cut()
  }

  /** Writes what the channel keeps, as long as there is room. */
  private catchUp(hasRoom = () => this.out.hasRoom): void {
    try {
      this.writeKept(hasRoom)
    } catch (error) {
      this.fail(error)
    }
  }

  private writeKept(hasRoom: () => boolean): void {
    while (this.written && hasRoom()) {
      const { gap, messages, from } = this.channel.after(this.written)
      // The channel forgot some while the client took those before.
      if (gap) this.out.write(this.spelling.control('gap', { reason: gap }, from))
      this.written = messages.length > 0 ? from : undefined
      for (const message of messages) {
        if (!hasRoom()) break
        this.out.write(this.bytes(message), !message.isText)
        this.written = message.id
      }
    }
  }
}

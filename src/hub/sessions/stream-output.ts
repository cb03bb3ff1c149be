import type { MessageId } from '../channels/message-id.ts'
import type { MessageContent } from '../channels/message.ts'
import { OutboundQueue, type QueueLimits } from '../connections/outbound-queue.ts'
import type { EndReason, Sink } from '../connections/sink.ts'
import type { Encoder } from '../encoders/encoder.ts'
import type { SessionOutput } from './session-output.ts'

export interface StreamOutputOptions extends QueueLimits {
  readonly sink: Sink
  /** Encodes each frame as a message of a stream. Undefined: the sink takes frames as they are. */
  readonly encoder?: Encoder | undefined
  /** The session's id. */
  readonly id: string
  /** In ms. */
  readonly heartbeat: number
  readonly onRoom: () => void
}

/** Writes a session's frames to a connection that stays open. */
export class StreamOutput implements SessionOutput {
  readonly takesBytes: boolean
  private readonly queue: OutboundQueue
  private readonly encoder: Encoder | undefined
  private readonly id: string
  private frames = 0

  constructor({ sink, encoder, id, heartbeat, ...options }: StreamOutputOptions) {
    this.queue = new OutboundQueue(sink, options)
    this.encoder = encoder
    this.id = id
    this.takesBytes = encoder === undefined
    if (!encoder) return
    const { preamble = '', control } = encoder
    this.queue.write(preamble + control('open', { heartbeat: heartbeat / 1_000, gaps: true }))
  }

  get hasRoom(): boolean {
    return this.queue.hasRoom
  }

  get takesLive(): boolean {
    return true
  }

  get size(): number {
    return this.queue.size
  }

  write(frame: Buffer, isBytes: boolean): void {
    this.queue.write(this.encoder ? this.encoder.message(frameMessage(frame, this.nextId())) : frame, isBytes)
  }

  flush(): void {}

  end(reason: EndReason): void {
    this.queue.end(reason)
  }

  destroy(): void {
    this.queue.destroy()
  }

  private nextId(): MessageId {
    this.frames += 1
    return frameId(this.id, this.frames)
  }
}

/** The cursor of a frame within its session: a message of a stream has one. */
export const frameId = (session: string, counter: number): MessageId => ({ seconds: 1, counter, epoch: session })

/** A frame as a message of a stream. */
export const frameMessage = (body: Buffer, id: MessageId): MessageContent => ({
  id,
  cursor: `${id.seconds}:${id.counter}.${id.epoch}`,
  body,
  isText: true,
  contentType: 'application/json',
  event: undefined,
})

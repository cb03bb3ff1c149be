import { createQueue, type Queue } from '../channels/queue.ts'
import type { Backlog, OutboundBudget } from './outbound-budget.ts'
import type { EndReason, Sink } from './sink.ts'
import type { StallWatch, Watched } from './stall-watch.ts'

/** The limits of a queue. */
export interface QueueLimits {
  /** In bytes. */
  maxBufferedBytes: number
  outbound: OutboundBudget
  /** The address that the limits count. */
  limitKey: string
  stalls: StallWatch
}

export interface OutboundQueueOptions extends QueueLimits {
  /** Called when the connection can take more, because everything queued was written. */
  onRoom: () => void
}

/**
 * How much a sink may have buffered before the next piece, and the size of a piece, in bytes. It is small, so that a slow
 * client shows progress, and that many clients which do not read cost little.
 */
const PIECE = 65_536

/**
 * Queues messages for one connection. It writes them in pieces, so that progress within a message counts. A class,
 * because each message passes through it once for each subscriber, and closures would take twice the memory.
 */
export class OutboundQueue implements Watched, Backlog {
  private readonly sink: Sink
  private readonly maxBufferedBytes: number
  private readonly outbound: OutboundBudget
  private readonly limitKey: string
  private readonly onRoom: () => void
  private queue: Queue<{ message: Buffer; binary: boolean }> | undefined
  private queued = 0
  /** Messages that the caller writes later, which count as queued until then. */
  private reserved: Queue<Buffer> | undefined
  /** How much of the first message in the queue was written, in bytes. */
  private written = 0
  private accepted = 0
  /** Whether the sink takes more. If it does, the queue is empty. */
  private ready = true
  private open = true
  private ending: EndReason | undefined

  constructor(sink: Sink, { maxBufferedBytes, outbound, limitKey, stalls, onRoom }: OutboundQueueOptions) {
    this.sink = sink
    this.maxBufferedBytes = maxBufferedBytes
    this.outbound = outbound
    this.limitKey = limitKey
    this.onRoom = onRoom
    const unwatch = stalls.add(this)
    sink.onDrain(() => this.onDrained())
    sink.onClose(() => {
      this.drop()
      unwatch()
    })
  }

  /** The bytes that are queued here and buffered in the sink. */
  get size(): number {
    return this.queued + this.sink.buffered
  }

  /** Whether the connection takes more now. */
  get hasRoom(): boolean {
    return this.ready && this.open
  }

  /** After an end, the client has to close. */
  get waiting(): boolean {
    return this.ending !== undefined || this.size > 0
  }

  /** Sinks write bytes around each piece too, which only shows while something waits. */
  get progress(): number {
    return this.accepted - this.size
  }

  /** Writes a live message, or closes the connection at once if more than `maxBufferedBytes` wait. */
  push(message: Buffer | string, binary: boolean): void {
    if (this.ready || this.size <= this.maxBufferedBytes) this.write(message, binary)
    else this.destroy()
  }

  /** Writes without a limit: for control messages, and for messages that the caller writes when there is room. */
  write(message: Buffer | string, binary = false): void {
    if (!this.open || this.ending !== undefined) return
    this.accepted += message.length
    if (this.ready && message.length <= PIECE) this.writePiece(message, binary, true)
    else {
      const bytes = typeof message === 'string' ? Buffer.from(message) : message
      this.queue ??= createQueue()
      this.queue.push({ message: bytes, binary })
      this.queued += bytes.length
      this.outbound.hold(this.limitKey, this, bytes)
      if (this.ready) this.pump()
    }
  }

  /** Counts messages that the caller writes later. It calls `unreserve` for each of them, in order. */
  reserve(messages: readonly Buffer[]): void {
    for (const message of messages) {
      if (!this.open) return
      this.reserved ??= createQueue()
      this.reserved.push(message)
      this.queued += message.length
      this.outbound.hold(this.limitKey, this, message)
    }
  }

  /** Removes the first reserved message, which was written. */
  unreserve(): void {
    const first = this.reserved?.shift()
    if (!first) return
    this.queued -= first.length
    this.outbound.release(this.limitKey, first)
    this.forgetIfEmpty()
  }

  /** Ends the connection after everything queued and a last message. */
  end(reason: EndReason, last?: string): void {
    if (!this.open || this.ending !== undefined) return
    if (last !== undefined) this.write(last)
    this.ending = reason
    if (!this.queue) this.finish(reason)
  }

  destroy(): void {
    this.drop()
    this.sink.destroy()
  }

  private writePiece(piece: Buffer | string, binary: boolean, isLast: boolean): void {
    this.ready = this.sink.write(piece, binary, isLast) || this.sink.buffered < PIECE
  }

  private onDrained(): void {
    if (!this.open) return
    this.ready = true
    this.pump()
    if (this.ending !== undefined) {
      if (!this.queue) this.finish(this.ending)
    } else if (this.ready) this.onRoom()
  }

  private pump(): void {
    const { queue } = this
    for (let first = queue?.at(0); this.ready && queue && first; first = queue.at(0)) {
      const { message, binary } = first
      const next = message.subarray(this.written, this.written + PIECE)
      this.written += next.length
      this.queued -= next.length
      const isLast = this.written === message.length
      // The last piece is a copy: the sink would keep the whole message for it, and no budget would count that.
      const piece = isLast ? Buffer.from(next) : next
      if (isLast) {
        this.written = 0
        queue.shift()
        this.outbound.release(this.limitKey, message)
      }
      this.writePiece(piece, binary, isLast)
    }
    this.forgetIfEmpty()
  }

  private finish(reason: EndReason): void {
    this.drop()
    this.sink.end(reason)
  }

  private drop(): void {
    this.open = false
    for (let first = this.queue?.shift(); first; first = this.queue?.shift())
      this.outbound.release(this.limitKey, first.message)
    while (this.reserved) this.unreserve()
    this.queued = 0
    this.forgetIfEmpty()
  }

  private forgetIfEmpty(): void {
    if (this.queue?.length === 0) this.queue = undefined
    if (this.reserved?.length === 0) this.reserved = undefined
    if (!this.queue && !this.reserved) this.outbound.remove(this.limitKey, this)
  }
}

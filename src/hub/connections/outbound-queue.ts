import { fifo, type Fifo } from '../channels/deque.ts'
import type { Backlog, Outgoing } from './outgoing.ts'
import type { Refusal } from '../http/http-errors.ts'
import type { StallWatch, Watched } from './stall-watch.ts'

/** Why a stream ends: its channel was deleted, the hub stops, or its client is refused. */
export type Farewell = 'ended' | 'restart' | Refusal

/** What a stream is written to: an HTTP response, a TCP connection, a WebSocket. */
export interface Sink {
  /** In bytes: what was written and is not sent. */
  readonly buffered: number
  /** Writes a piece of a message, the last one or not; false: `onDrain` tells when all is sent. */
  write(piece: Buffer | string, binary: boolean, last: boolean): boolean
  end(farewell: Farewell): void
  destroy(): void
  onDrain(listener: () => void): void
  onClose(listener: () => void): void
}

/** What bounds a queue. */
export interface QueueLimits {
  /** In bytes. */
  maxBufferedBytes: number
  outgoing: Outgoing
  /** Whom the limits count. */
  limitKey: string
  stalls: StallWatch
}

export interface OutboundQueueOptions extends QueueLimits {
  /** Is called when the connection has taken all that was written. */
  onRoom: () => void
}

/**
 * In bytes: what a sink is given before it has sent it, and the size of a piece, which may come on top. Small enough
 * that a slow client shows progress, and that many which do not read cost little.
 */
const AHEAD = 65_536

/**
 * What waits for one connection. It is handed over in pieces, so that progress within a message is seen. A class,
 * because each message passes through it once for each reader: closures would be twice as many places in memory.
 */
export class OutboundQueue implements Watched, Backlog {
  private readonly sink: Sink
  private readonly maxBufferedBytes: number
  private readonly outgoing: Outgoing
  private readonly limitKey: string
  private readonly onRoom: () => void
  private queue: Fifo<{ message: Buffer; binary: boolean }> | undefined
  private queued = 0
  /** What is written later, from outside of the queue. */
  private owed: Fifo<Buffer> | undefined
  /** Of the first message in the queue, in bytes. */
  private begun = 0
  private accepted = 0
  /** Then nothing is in the queue. */
  private ready = true
  private open = true
  private farewell: Farewell | undefined

  constructor(sink: Sink, { maxBufferedBytes, outgoing, limitKey, stalls, onRoom }: OutboundQueueOptions) {
    this.sink = sink
    this.maxBufferedBytes = maxBufferedBytes
    this.outgoing = outgoing
    this.limitKey = limitKey
    this.onRoom = onRoom
    const forget = stalls.add(this)
    sink.onDrain(() => this.drained())
    sink.onClose(() => {
      this.drop()
      forget()
    })
  }

  /** In bytes, with what the sink has. */
  get size(): number {
    return this.queued + this.sink.buffered
  }

  /** Whether the connection takes more now. */
  get hasRoom(): boolean {
    return this.ready && this.open
  }

  /** An end is waited for too: the other side has to close. */
  get waiting(): boolean {
    return this.farewell !== undefined || this.size > 0
  }

  /** Less what sinks write around each piece, which makes a difference only while it waits. */
  get progress(): number {
    return this.accepted - this.size
  }

  /** Writes what comes when it comes; cuts the connection where more than `maxBufferedBytes` waits. */
  push(message: Buffer | string, binary: boolean): void {
    if (this.ready || this.size <= this.maxBufferedBytes) this.write(message, binary)
    else this.destroy()
  }

  /** Writes, whatever waits: for last words, and for what is written when there is room. */
  write(message: Buffer | string, binary = false): void {
    if (!this.open || this.farewell !== undefined) return
    this.accepted += message.length
    if (this.ready && message.length <= AHEAD) this.hand(message, binary, true)
    else {
      const bytes = typeof message === 'string' ? Buffer.from(message) : message
      this.queue ??= fifo()
      this.queue.push({ message: bytes, binary })
      this.queued += bytes.length
      this.outgoing.hold(this.limitKey, this, bytes)
      if (this.ready) this.pump()
    }
  }

  /** Counts what is written later, as long as it is kept for this connection; `settle` follows for each, in order. */
  owe(kept: readonly Buffer[]): void {
    for (const each of kept) {
      if (!this.open) return
      this.owed ??= fifo()
      this.owed.push(each)
      this.queued += each.length
      this.outgoing.hold(this.limitKey, this, each)
    }
  }

  /** The first of what is owed was written. */
  settle(): void {
    const first = this.owed?.at(0)
    if (!first) return
    this.owed?.shift()
    this.queued -= first.length
    this.outgoing.release(this.limitKey, first)
    this.emptied()
  }

  /** Ends the connection after what waits and these last words. */
  end(farewell: Farewell, words?: string): void {
    if (!this.open || this.farewell !== undefined) return
    if (words !== undefined) this.write(words)
    this.farewell = farewell
    if (!this.queue) this.finish(farewell)
  }

  destroy(): void {
    this.drop()
    this.sink.destroy()
  }

  private hand(piece: Buffer | string, binary: boolean, last: boolean): void {
    this.ready = this.sink.write(piece, binary, last) || this.sink.buffered < AHEAD
  }

  private drained(): void {
    if (!this.open) return
    this.ready = true
    this.pump()
    if (this.farewell !== undefined) {
      if (!this.queue) this.finish(this.farewell)
    } else if (this.ready) this.onRoom()
  }

  private pump(): void {
    const { queue } = this
    for (let first = queue?.at(0); this.ready && queue && first; first = queue.at(0)) {
      const { message, binary } = first
      const next = message.subarray(this.begun, this.begun + AHEAD)
      this.begun += next.length
      this.queued -= next.length
      const last = this.begun === message.length
      // The last piece is a copy, because the sink would keep the whole message for it, and nobody would count it.
      const piece = last ? Buffer.from(next) : next
      if (last) {
        this.begun = 0
        queue.shift()
        this.outgoing.release(this.limitKey, message)
      }
      this.hand(piece, binary, last)
    }
    this.emptied()
  }

  private finish(farewell: Farewell): void {
    this.drop()
    this.sink.end(farewell)
  }

  private drop(): void {
    this.open = false
    for (let first = this.queue?.at(0); first; first = this.queue?.at(0)) {
      this.queue?.shift()
      this.outgoing.release(this.limitKey, first.message)
    }
    while (this.owed) this.settle()
    this.queued = 0
    this.emptied()
  }

  private emptied(): void {
    if (this.queue?.length === 0) this.queue = undefined
    if (this.owed?.length === 0) this.owed = undefined
    if (!this.queue && !this.owed) this.outgoing.remove(this.limitKey, this)
  }
}

import type { ServerResponse } from 'node:http'
import { MORE_HEADER } from '../../wire/constants.ts'
import type { CursorParts } from '../../wire/cursor.ts'
import { OutboundQueue, type QueueLimits } from '../connections/outbound-queue.ts'
import { WritableSink } from '../connections/sink.ts'
import { sendRefusal, type Refusal } from '../http/http-errors.ts'
import { cursorHead } from '../http/responses.ts'
import { joinBuffers } from './frames.ts'
import type { SessionOutput } from './session-output.ts'
import { frameId } from './stream-output.ts'

/** How much is written into one response, in bytes. There is always room for one frame. */
const MAX = 1_048_576

/** The response to a poll of a session that has ended. */
export const GONE: Refusal = { status: 410, message: 'The session has ended. Open another one.' }

export interface PollOutputOptions extends QueueLimits {
  readonly id: string
  /** How long a poll may wait, in ms. */
  readonly heartbeat: number
  /** The client takes more. */
  readonly onRoom: () => void
  readonly onDestroy: () => void
}

/** Writes a session's frames into the responses of polls. A response is kept until the next poll shows that it arrived. */
export class PollOutput implements SessionOutput {
  readonly takesBytes = false
  private readonly options: PollOutputOptions
  private frames: Buffer[] = []
  private framesSize = 0
  /** The last response with frames. */
  private sent: Buffer | undefined
  private count = 0
  private poll: { readonly response: ServerResponse; readonly timeout: NodeJS.Timeout | undefined } | undefined
  private isEnding = false
  private isDestroyed = false
  private wasPolled = false

  constructor(options: PollOutputOptions) {
    this.options = options
  }

  get hasRoom(): boolean {
    return this.poll !== undefined && this.framesSize < MAX
  }

  get takesLive(): boolean {
    return this.poll !== undefined
  }

  get size(): number {
    return this.framesSize + (this.sent?.length ?? 0)
  }

  /** Whether a poll waits for its response, or came since the last call. */
  takePolled(): boolean {
    const { poll, wasPolled } = this
    this.wasPolled = false
    return poll !== undefined || wasPolled
  }

  /**
   * Responds to a poll. `cursor`: that of the last response that the client received. Returns false if the session does
   * not have it.
   *
   * @param waits Whether the response may wait for frames.
   */
  respond(response: ServerResponse, cursor: CursorParts | undefined, waits: boolean): boolean {
    const received = cursor?.counter ?? 0
    this.wasPolled = true
    this.finish()
    if (received === this.count - 1 && this.sent) {
      this.send(response, this.sent)
      return true
    }
    if (received !== this.count) return false
    this.release()
    const timeout = waits ? setTimeout(() => this.finish(), this.options.heartbeat) : undefined
    const poll = (this.poll = { response, timeout })
    response.on('close', () => {
      clearTimeout(timeout)
      if (this.poll === poll) this.poll = undefined
    })
    this.options.onRoom()
    if (this.poll === poll && (!waits || this.isEnding)) this.finish()
    return true
  }

  write(frame: Buffer): void {
    if (this.isDestroyed) return
    this.frames.push(frame)
    this.framesSize += frame.length
    this.options.outbound.hold(this.options.limitKey, this, frame)
  }

  flush(hasMore: boolean): void {
    if (this.poll && this.frames.length > 0) this.finish(hasMore)
  }

  end(): void {
    this.isEnding = true
    this.finish()
    this.destroy()
  }

  destroy(): void {
    this.isDestroyed = true
    for (const frame of this.frames) this.options.outbound.release(this.options.limitKey, frame)
    this.frames = []
    this.framesSize = 0
    this.release()
    this.options.outbound.remove(this.options.limitKey, this)
    this.options.onDestroy()
    const { poll } = this
    this.poll = undefined
    clearTimeout(poll?.timeout)
    if (poll) sendRefusal(poll.response, GONE)
  }

  /** Responds to the poll that waits. */
  private finish(hasMore = false): void {
    const { poll, frames } = this
    if (!poll) return
    this.poll = undefined
    clearTimeout(poll.timeout)
    if (frames.length === 0) {
      poll.response.writeHead(304, cursorHead(frameId(this.options.id, this.count)))
      poll.response.end()
      return
    }
    const body = joinBuffers(frames)
    for (const frame of frames) this.options.outbound.release(this.options.limitKey, frame)
    this.frames = []
    this.framesSize = 0
    this.sent = body
    this.options.outbound.hold(this.options.limitKey, this, body)
    this.count += 1
    this.send(poll.response, body, hasMore)
  }

  private send(response: ServerResponse, body: Buffer, hasMore = false): void {
    response.writeHead(200, {
      ...cursorHead(frameId(this.options.id, this.count)),
      ...(hasMore && { [MORE_HEADER]: '1' }),
      'Content-Type': 'application/json',
      'Content-Length': body.length,
    })
    const queue = new OutboundQueue(new WritableSink(response), { ...this.options, onRoom: () => {} })
    queue.write(body)
    queue.end('ended')
  }

  /** The client has the last response. */
  private release(): void {
    if (!this.sent) return
    this.options.outbound.release(this.options.limitKey, this.sent)
    this.sent = undefined
  }
}

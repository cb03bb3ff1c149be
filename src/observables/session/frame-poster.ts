import type { SchedulerLike } from 'rxjs'
import { PushError, asPushError, rejectionCode } from '../errors.ts'
import type { Payload } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'
import type { PostQuery } from './conversation.ts'

/** Posts one frame to the server. */
export type PostFrame = (frame: Payload, signal: AbortSignal, query: Readonly<Record<string, string>>) => Promise<void>

export interface FramePosterOptions {
  readonly post: PostFrame
  /** Joins text frames that wait into one. */
  readonly join: (frames: readonly string[]) => string
  /** How long the server may take to respond to one POST, in ms. */
  readonly timeout: number
  readonly scheduler: SchedulerLike
  /** Called when a frame may be lost, so that the connection ends. */
  readonly fail: (error: PushError) => void
}

/** Writes frames if the technique only receives. */
export interface FramePoster {
  write(frame: Payload): void
  /** Sets the query parameters that identify the session in the URL of each POST. */
  address(query: PostQuery): void
  /** Drops the frames that wait, because the connection has closed. */
  end(): void
}

/** How much is joined into one POST, in characters. */
const BATCH = 65_536

/** Posts frames in order, one POST at a time. What is written in one turn, or while a POST is pending, goes together. */
export function framePoster({ post, join, timeout, scheduler, fail }: FramePosterOptions): FramePoster {
  const abort = new AbortController()
  let waiting: Payload[] = []
  let isScheduled = false
  let query: PostQuery = () => ({})
  let posted = 0

  /** Removes the first frames that go together. */
  const take = (): Payload => {
    const [first = ''] = waiting
    let count = 0
    let size = 0
    for (const frame of waiting) {
      size += frame.length
      const joins = typeof first === 'string' && typeof frame === 'string' && size <= BATCH
      if (count > 0 && !joins) break
      count += 1
    }
    const taken = waiting.slice(0, count)
    waiting = waiting.slice(count)
    return taken.length === 1 ? first : join(taken as string[])
  }
  const flush = async () => {
    while (waiting.length > 0 && !abort.signal.aborted) {
      const timer = runAfter(timeout, scheduler, () => end(unanswered(timeout)))
      try {
        await post(take(), abort.signal, query((posted += 1)))
      } catch (cause) {
        return end(connectionError(cause))
      } finally {
        timer.unsubscribe()
      }
    }
    isScheduled = false
  }
  const end = (error?: PushError) => {
    if (abort.signal.aborted) return
    waiting = []
    abort.abort(error)
    if (error) fail(error)
  }

  return {
    write(frame) {
      waiting.push(frame)
      if (isScheduled) return
      isScheduled = true
      queueMicrotask(() => void flush())
    },
    address: (next) => void (query = next),
    end: () => end(),
  }
}

const unanswered = (timeout: number) =>
  new PushError('connect-timeout', DEV && `A POST of the session got no response within ${timeout} ms.`)

/** What a POST that failed means for the connection. */
function connectionError(cause: unknown): PushError {
  const error = asPushError(cause, 'connection-lost', DEV && 'POST of the session failed. The client reconnects.')
  if (error.code !== 'send-rejected') return error
  const { status, message, retryAfter } = error
  // The server does not have the session any more: another one begins.
  const code =
    status === 404 || status === 410
      ? 'connection-lost'
      : status === 429 || (status ?? 0) >= 500
        ? 'unavailable'
        : rejectionCode(status)
  return new PushError(code, message, { cause, status, retryAfter })
}

import type { SchedulerLike } from 'rxjs'
import { PushError, asPushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { runAfter } from '../internal/time.ts'

/**
 * Hands one message to a connection, or throws why it cannot: `not-connected` means that the connection is closing, and
 * that the next one may take the message. `signal` aborts when nobody waits for the message any more.
 */
export type Send = (data: Payload, signal: AbortSignal) => void | Promise<void>

interface QueuedMessage {
  data: Payload | Promise<Payload>
  resolve: () => void
  reject: (error: unknown) => void
}

export interface SendQueueOptions {
  /** The channel's, for errors. */
  url: string
  /** Throws if a message is invalid. */
  encode: (data: unknown) => Payload | Promise<Payload>
  /** How many messages may wait. */
  limit: number
  /** How long one message may take from its turn on, in ms. */
  timeout: number
  scheduler: SchedulerLike
}

/**
 * Sends messages in order, each once. Before the connection opens, and while it reconnects, a limited number waits. A
 * message that was handed over is never sent again, so the server gets none twice. While a message waits for its
 * encoding, `prepareRequest` or the server, those behind it wait for a limited time.
 */
export function sendQueue({ url, encode, limit, timeout, scheduler }: SendQueueOptions) {
  let waiting: QueuedMessage[] = []
  let send: Send | undefined
  /** The message that is being handed over: a POST may take its time. */
  let current: QueuedMessage | undefined
  let abort = new AbortController()

  /** Hands one message over, at once where that can be; false: the connection is going, and it waits for the next. */
  const handOver = (message: QueuedMessage): boolean | Promise<boolean> => {
    const { signal } = abort
    const failed = (error: unknown): boolean => {
      const waits = error instanceof PushError && error.code === 'not-connected' && !signal.aborted
      if (waits) send = undefined
      else message.reject(error)
      return !waits
    }
    const handed = (): boolean => {
      message.resolve()
      return true
    }
    const hand = (data: Payload): boolean | Promise<boolean> => {
      if (signal.aborted) return true
      if (!send) return false
      const sent = send(data, signal)
      return sent ? sent.then(handed, failed) : handed()
    }
    const keep = (data: Payload) => {
      message.data = data
      return hand(data)
    }
    try {
      // A Blob is read first. It keeps its turn, and is handed to the connection that there is then.
      return message.data instanceof Promise ? message.data.then(keep).catch(failed) : hand(message.data)
    } catch (error) {
      return failed(error)
    }
  }

  const settle = (message: QueuedMessage, gone: boolean) => {
    if (current === message) current = undefined
    if (!gone) waiting.unshift(message)
  }

  // What is handed over at once is not waited for, or a burst would fill the buffer of an open connection.
  const flush = (): void => {
    while (!current && send) {
      const message = (current = waiting.shift())
      if (!message) return
      const gone = handOver(message)
      if (typeof gone === 'boolean') settle(message, gone)
      else {
        const timer = runAfter(timeout, scheduler, () => giveUp(message))
        void gone.then((later) => {
          timer.unsubscribe()
          settle(message, later)
          flush()
        })
      }
    }
  }

  const giveUp = (message: QueuedMessage) => {
    if (current !== message) return
    const error = unacknowledged(url, timeout)
    settle(message, true)
    cancel(error)
    message.reject(error)
    flush()
  }
  const cancel = (error: PushError) => {
    abort.abort(error)
    abort = new AbortController()
  }

  return {
    /** Resolves when the message was handed over; rejects when it is invalid, or lost. */
    send(message: unknown): Promise<void> {
      let data: QueuedMessage['data']
      try {
        data = encode(message)
      } catch (error) {
        return Promise.reject(asPushError(error, 'invalid-message', DEV && 'the message'))
      }
      if (waiting.length >= limit) {
        return Promise.reject(
          new PushError(
            'buffer-full',
            DEV && `Message not sent: ${limit} messages already wait. Send fewer at once, or raise \`maxQueuedSends\`.`,
          ),
        )
      }
      return new Promise((resolve, reject) => {
        waiting.push({ data, resolve, reject })
        flush()
      })
    },
    /** The connection opened; undefined: it was lost, messages wait for the next. */
    connected(next: Send | undefined) {
      send = next
      flush()
    },
    /** Rejects all queued messages, and aborts the current one: the channel does not connect again. */
    discard() {
      const error = discarded(url)
      send = undefined
      const lost = current ? [current, ...waiting] : waiting
      waiting = []
      current = undefined
      cancel(error)
      for (const { reject } of lost) reject(error)
    },
  }
}

const unacknowledged = (url: string, timeout: number) =>
  new PushError(
    'send-aborted',
    DEV &&
      `Message not acknowledged: "${redactUrl(url)}" did not respond within ${timeout} ms. The server may have it. Send it again only if it may come twice, or raise \`sendTimeout\`.`,
  )

const discarded = (url: string) =>
  new PushError(
    'send-aborted',
    DEV && `Message not sent: the channel "${redactUrl(url)}" was left or closed. Send it again if it still matters.`,
  )

/** For connections that only receive, to servers that take no posts. */
export const unsupported: Send = () => {
  throw new PushError(
    'send-unsupported',
    DEV && 'Neither this technique nor the backend can send. Use webSocket(), or a backend that posts.',
  )
}

/** Rejects a message to a channel that is not connected. */
export const unread = (url: string, status: string): Promise<never> =>
  Promise.reject(
    new PushError(
      'not-connected',
      DEV && `The message cannot be sent: ${redactUrl(url)} is ${status}. Subscribe first, or call reconnect().`,
    ),
  )

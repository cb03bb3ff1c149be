import type { SchedulerLike } from 'rxjs'
import { PushError, asPushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'
import { discarded, unacknowledged } from './send-errors.ts'

/**
 * Sends one message on a connection, and resolves with the server's reply. Throws `not-connected` if the connection is
 * closing, so that the next one may send the message. `signal` aborts when the message is not needed any more. `message` is
 * the same object on every attempt.
 */
export type Send = (data: Payload, signal: AbortSignal, message: object) => void | Promise<unknown>

interface QueuedMessage {
  data: Payload | Promise<Payload>
  /** Whether a connection has sent it, so that the server may have it. */
  isSent?: boolean
  /** Ends the wait for the server. */
  readonly abort: AbortController
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: unknown) => void
}

export interface SendQueueOptions {
  /** The name of the channel, for errors in development. */
  name: string | false
  /** Throws if a message is invalid. */
  encode: (data: unknown) => Payload | Promise<Payload>
  /** How many messages may wait. */
  maxQueuedSends: number
  /** How long one message may take from its turn on, in ms. */
  sendTimeout: number
  scheduler: SchedulerLike
}

/** How many messages may wait for the server's acknowledgement at a time, on a connection that keeps their order. */
const IN_FLIGHT = 32

/**
 * Sends messages in order, each once. Before the connection opens, and while it reconnects, a limited number waits. A
 * message that was handed over is not sent again, unless the connection returns it with `not-connected`. A message that
 * waits for its encoding, `prepareRequest` or the server makes those behind it wait, for a limited time. Where the
 * connection keeps the order, those behind it wait for its encoding only.
 */
export function sendQueue({ name, encode, maxQueuedSends, sendTimeout, scheduler }: SendQueueOptions) {
  let waiting: QueuedMessage[] = []
  /** What was handed over and is not acknowledged, in order. */
  let handed: QueuedMessage[] = []
  let send: Send | undefined
  let keepsOrder = false

  /** Hands one message over, at once where that can be; false: the connection is going, and it waits for the next. */
  const handOver = (message: QueuedMessage): boolean | Promise<boolean> => {
    const { signal } = message.abort
    let used = send
    const failed = (error: unknown): boolean => {
      const waits = error instanceof PushError && error.code === 'not-connected' && !signal.aborted
      // The next connection may be there already.
      if (waits && send === used) send = undefined
      else if (!waits) message.reject(error)
      return !waits
    }
    const hand = (data: Payload): boolean | Promise<boolean> => {
      message.data = data
      if (signal.aborted) return true
      used = send
      if (!send) return false
      const sent = send(data, signal, message)
      if (!sent) {
        message.resolve(undefined)
        return true
      }
      message.isSent = true
      return sent.then((reply) => {
        message.resolve(reply)
        return true
      }, failed)
    }
    const encoded = (data: Payload) => {
      const gone = hand(data)
      flush()
      return gone
    }
    try {
      // A Blob is read first. It keeps its turn, and is handed to the connection that there is then.
      return message.data instanceof Promise ? message.data.then(encoded).catch(failed) : hand(message.data)
    } catch (error) {
      return failed(error)
    }
  }

  /** Returns messages to the queue, which were handed over before all that wait. */
  const settle = (message: QueuedMessage, gone: boolean) => {
    const at = handed.indexOf(message)
    if (at < 0) return
    if (gone) handed.splice(at, 1)
    else {
      // Those behind it are returned too, or were acknowledged.
      waiting = [message, ...handed.splice(at + 1).filter(({ abort }) => !abort.signal.aborted), ...waiting]
      handed.splice(at, 1)
    }
  }

  const mayHandOver = () => {
    const last = handed.at(-1)
    return !last || (keepsOrder && handed.length < IN_FLIGHT && !(last.data instanceof Promise))
  }

  // What is handed over at once is not waited for, or a burst would fill the buffer of an open connection.
  const flush = (): void => {
    while (send && mayHandOver()) {
      const message = waiting.shift()
      if (!message) return
      handed.push(message)
      const gone = handOver(message)
      if (typeof gone === 'boolean') settle(message, gone)
      else {
        const timer = runAfter(sendTimeout, scheduler, () => giveUp(message))
        void gone.then((later) => {
          timer.unsubscribe()
          settle(message, later)
          flush()
        })
      }
    }
  }

  const giveUp = (message: QueuedMessage) => {
    if (!handed.includes(message)) return
    const error = unacknowledged(name, sendTimeout)
    settle(message, true)
    message.abort.abort(error)
    message.reject(error)
    flush()
  }

  return {
    /** Resolves with the reply when the message was handed over; rejects when it is invalid, or lost. */
    send(content: unknown): Promise<unknown> {
      let data: QueuedMessage['data']
      try {
        data = encode(content)
      } catch (error) {
        return Promise.reject(
          asPushError(error, 'invalid-message', DEV && 'Message not encoded. Correct `encode` or the data.'),
        )
      }
      if (waiting.length >= maxQueuedSends) {
        return Promise.reject(
          new PushError(
            'buffer-full',
            DEV &&
              `Message not sent: ${maxQueuedSends} messages already wait. Send fewer at once, or raise \`maxQueuedSends\`.`,
          ),
        )
      }
      return new Promise((resolve, reject) => {
        waiting.push({ data, abort: new AbortController(), resolve, reject })
        flush()
      })
    },
    /**
     * The connection opened; undefined: it was lost, messages wait for the next.
     *
     * @param ordered Whether messages may be handed over before earlier ones are acknowledged.
     */
    connected(next: Send | undefined, ordered = false) {
      send = next
      keepsOrder = ordered
      flush()
    },
    /** Rejects all queued messages, and aborts those that were handed over: the channel does not connect again. */
    discard() {
      send = undefined
      const lost = [...handed, ...waiting]
      handed = []
      waiting = []
      for (const { abort, reject, isSent } of lost) {
        const error = discarded(name, isSent)
        abort.abort(error)
        reject(error)
      }
    },
  }
}

/** For connections that only receive, to servers that take no posts. */
export const unsupported: Send = () => {
  throw new PushError(
    'send-unsupported',
    DEV && 'Neither this technique nor the backend can send. Use webSocket(), or a backend that posts.',
  )
}

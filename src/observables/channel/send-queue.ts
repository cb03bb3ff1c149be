import type { SchedulerLike } from 'rxjs'
import { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter } from '../internal/time.ts'

/**
 * Takes a message away, or throws why it cannot: a `not-connected` means that the connection is going, and that the
 * next one may be asked. `signal` aborts when nobody waits for the message any more.
 */
export type Handover = (data: Payload, signal: AbortSignal) => void | Promise<void>

interface QueuedSend {
  data: Payload | Promise<Payload>
  resolve: () => void
  reject: (error: unknown) => void
}

export interface OutboxOptions {
  /** How many messages may wait. */
  limit: number
  /** How long one may take from its turn until it is handed over, in ms. */
  within: number
  /** The error of a message that takes longer. */
  late: () => PushError
  scheduler: SchedulerLike
}

/**
 * Messages on their way out, in order. Before the connection opens, and while it is renewed, a bounded number waits;
 * each is handed over once and never again, so nothing is sent twice behind anyone's back. Whatever the message whose
 * turn it is waits for (its encoding, `prepareRequest`, the server), it keeps those behind it for a bounded time only.
 */
export function outbox({ limit, within, late, scheduler }: OutboxOptions) {
  let waiting: QueuedSend[] = []
  let handover: Handover | undefined
  /** What is being handed over: a POST may take its time. */
  let current: QueuedSend | undefined
  let abort = new AbortController()

  /** Hands one message over, at once where that can be; false: the connection is going, and it waits for the next. */
  const handOver = (message: QueuedSend): boolean | Promise<boolean> => {
    const { signal } = abort
    const failed = (error: unknown): boolean => {
      const waits = error instanceof PushError && error.code === 'not-connected' && !signal.aborted
      if (waits) handover = undefined
      else message.reject(error)
      return !waits
    }
    const handed = (): boolean => {
      message.resolve()
      return true
    }
    const hand = (data: Payload): boolean | Promise<boolean> => {
      if (signal.aborted) return true
      if (!handover) return false
      const taken = handover(data, signal)
      return taken ? taken.then(handed, failed) : handed()
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

  const settle = (message: QueuedSend, gone: boolean) => {
    if (current === message) current = undefined
    if (!gone) waiting.unshift(message)
  }

  // What is handed over at once is not waited for, or a burst would fill the buffer of an open connection.
  const flush = (): void => {
    while (!current && handover) {
      const message = (current = waiting.shift())
      if (!message) return
      const gone = handOver(message)
      if (typeof gone === 'boolean') settle(message, gone)
      else {
        const impatience = runAfter(within, scheduler, () => giveUp(message))
        void gone.then((later) => {
          impatience.unsubscribe()
          settle(message, later)
          flush()
        })
      }
    }
  }

  const giveUp = (message: QueuedSend) => {
    if (current !== message) return
    const error = late()
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
    /** Resolves when the message was handed over; rejects when it is lost. */
    send(data: Payload | Promise<Payload>): Promise<void> {
      if (waiting.length >= limit) {
        return Promise.reject(new PushError('buffer-full', DEV && `${limit} messages wait to be sent already`))
      }
      return new Promise((resolve, reject) => {
        waiting.push({ data, resolve, reject })
        flush()
      })
    },
    /** The connection opened; undefined: it was lost, messages wait for the next. */
    connected(next: Handover | undefined) {
      handover = next
      flush()
    },
    /** No connection will come: what waits is lost, and what is on its way is given up. */
    discard(error: PushError) {
      handover = undefined
      const lost = current ? [current, ...waiting] : waiting
      waiting = []
      current = undefined
      cancel(error)
      for (const { reject } of lost) reject(error)
    },
  }
}

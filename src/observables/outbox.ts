import { PushError } from './errors.ts'
import type { Payload } from './event.ts'
import { DEV } from './dev.ts'

/** Takes a message away, or throws why it cannot. */
export type Handover = (data: Payload) => void | Promise<void>

interface Letter {
  data: Payload
  resolve: () => void
  reject: (error: unknown) => void
}

/**
 * Messages on their way out, in order. Before the connection opens a bounded number waits; each is handed over once
 * and never again, so nothing is sent twice behind anyone's back.
 */
export function outbox(limit: number) {
  let letters: Letter[] = []
  let handover: Handover | undefined
  let handing = false

  const flush = async () => {
    if (handing) return
    handing = true
    for (let letter = letters[0]; letter && handover; letter = letters[0]) {
      letters.shift()
      try {
        // What is handed over at once is not waited for, or a burst would fill the buffer of an open connection.
        const taken = handover(letter.data)
        if (taken) await taken
        letter.resolve()
      } catch (error) {
        letter.reject(error)
      }
    }
    handing = false
  }

  return {
    /** Resolves when the message was handed over; rejects when it is lost. */
    send(data: Payload): Promise<void> {
      if (letters.length >= limit) {
        return Promise.reject(new PushError('buffer-full', DEV && `${limit} messages wait to be sent already`))
      }
      return new Promise((resolve, reject) => {
        letters.push({ data, resolve, reject })
        void flush()
      })
    },
    /** The connection opened; undefined: it was lost, messages wait for the next. */
    connected(next: Handover | undefined) {
      handover = next
      void flush()
    },
    /** No connection will come: what waits is lost. */
    discard(error: PushError) {
      handover = undefined
      const lost = letters
      letters = []
      for (const { reject } of lost) reject(error)
    },
  }
}

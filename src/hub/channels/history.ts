import { fifo } from './deque.ts'
import { compareMoments } from '../../wire/cursor.ts'
import type { MessageId } from './message-id.ts'
import { ENVELOPE, type Message } from './message.ts'

/** What of a channel is kept for those who resume. */
export interface HistoryLimits {
  /** Messages. @default 1000 */
  count: number
  /** In ms. @default 300_000 */
  age: number
  /** Bytes of all bodies. @default 8 MiB */
  bytes: number
}

/** How much is read at once; one message is always read. */
export interface ReadLimits {
  readonly count: number
  /** Bytes of all bodies. */
  readonly bytes: number
}

/** The messages that a channel keeps, in the order of their ids. */
export interface History {
  /** Everything after it is kept; what is not after it may be gone. */
  readonly floor: MessageId
  readonly length: number
  /** About what all of it takes, in bytes. */
  readonly weight: number
  push(message: Message, now: number): void
  /** The first messages after a place. */
  after(place: MessageId, limits: ReadLimits): Message[]
  /** Whether there is a message after a place. */
  hasAfter(place: MessageId): boolean
  /** The place just before the last so many messages. */
  placeBefore(count: number): MessageId
  /** Forgets what is too old or too much. */
  prune(now: number): void
  /** Forgets the oldest message. */
  shed(): void
  /** Forgets all, and weighs it no more. */
  clear(): void
}

/** `weighed` is told how many bytes more, or less, are kept. */
export function createHistory(
  { count, age, bytes }: HistoryLimits,
  before: MessageId,
  weighed: (by: number) => void,
): History {
  const kept = fifo<{ message: Message; at: number }>()
  let size = 0
  let floor = before

  const forget = (goes: (at: number, left: number) => boolean) => {
    for (let oldest = kept.at(0); oldest && goes(oldest.at, kept.length); oldest = kept.at(0)) {
      const { length } = oldest.message.body
      size -= length
      weighed(-length - ENVELOPE)
      floor = oldest.message.id
      kept.shift()
    }
  }
  const prune = (now: number) => forget((at, left) => left > count || size > bytes || now - at > age)

  /** The index of the first message after a place. */
  const indexAfter = (place: MessageId): number => {
    let low = 0
    let high = kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const message = kept.at(middle)?.message
      if (message && compareMoments(message.id, place) > 0) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    get floor() {
      return floor
    },
    get length() {
      return kept.length
    },
    get weight() {
      return size + kept.length * ENVELOPE
    },
    push(message, now) {
      kept.push({ message, at: now })
      size += message.body.length
      weighed(message.body.length + ENVELOPE)
      prune(now)
    },
    after(place, limits) {
      const messages: Message[] = []
      const start = indexAfter(place)
      let read = 0
      for (let at = start; at < kept.length && at - start < limits.count; at += 1) {
        const message = kept.at(at)?.message
        if (!message || (at > start && read + message.body.length > limits.bytes)) break
        read += message.body.length
        messages.push(message)
      }
      return messages
    },
    hasAfter: (place) => indexAfter(place) < kept.length,
    placeBefore: (last) => kept.at(kept.length - last - 1)?.message.id ?? floor,
    prune,
    shed() {
      const { length } = kept
      forget((_, left) => left === length)
    },
    clear() {
      while (kept.length > 0) kept.shift()
      size = 0
    },
  }
}

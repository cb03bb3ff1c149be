import { createQueue } from './queue.ts'
import { compareMoments, type Moment } from '../../wire/cursor.ts'
import type { MessageId } from './message-id.ts'
import { ENVELOPE, type Message } from './message.ts'

/** Limits what one channel keeps for subscribers that resume. The oldest messages are dropped first. */
export interface HistoryLimits {
  /** Messages. @default 1000 */
  count: number
  /** How long a message is kept, in ms. @default 300_000 */
  age: number
  /** All bodies together, in bytes. @default 8_388_608 (8 MiB) */
  bytes: number
}

/** Limits one read. At least one message is read. */
export interface ReadLimits {
  readonly count: number
  /** All bodies together, in bytes. */
  readonly bytes: number
}

/** The messages that a channel keeps, in the order of their ids. */
export interface History {
  /** The history has every message after this id. Messages up to it may be gone. */
  readonly oldestResumable: MessageId
  readonly length: number
  /** About the memory that the messages take, in bytes. */
  readonly weight: number
  push(message: Message, now: number): void
  /** Returns the first messages after an id. */
  after(id: Moment, limits: ReadLimits): Message[]
  /** Whether there is a message after an id. */
  hasAfter(id: Moment): boolean
  /** Returns the id before the last `count` messages. */
  idBefore(count: number): MessageId
  /** Drops messages above the limits. */
  prune(now: number): void
  dropOldest(): void
  /** Drops all messages without calling `onWeight`. */
  clear(): void
}

/**
 * Creates an empty history after the id `start`. It calls `onWeight` with the bytes that it keeps more, or less.
 */
export function createHistory(
  { count, age, bytes }: HistoryLimits,
  start: MessageId,
  onWeight: (bytes: number) => void,
): History {
  const kept = createQueue<{ message: Message; publishedAt: number }>()
  let size = 0
  let oldestResumable = start

  const drop = () => {
    const dropped = kept.shift()
    if (!dropped) return
    const { body, id } = dropped.message
    size -= body.length
    oldestResumable = id
    onWeight(-body.length - ENVELOPE)
  }
  const prune = (now: number) => {
    for (let oldest = kept.at(0); oldest; oldest = kept.at(0)) {
      if (kept.length <= count && size <= bytes && now - oldest.publishedAt <= age) return
      drop()
    }
  }

  /** Finds the index of the first message after an id, by binary search. */
  const indexAfter = (id: Moment): number => {
    let low = 0
    let high = kept.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const message = kept.at(middle)?.message
      if (message && compareMoments(message.id, id) > 0) high = middle
      else low = middle + 1
    }
    return low
  }

  return {
    get oldestResumable() {
      return oldestResumable
    },
    get length() {
      return kept.length
    },
    get weight() {
      return size + kept.length * ENVELOPE
    },
    push(message, now) {
      kept.push({ message, publishedAt: now })
      size += message.body.length
      onWeight(message.body.length + ENVELOPE)
      prune(now)
    },
    after(id, limits) {
      const messages: Message[] = []
      let read = 0
      for (let index = indexAfter(id); messages.length < limits.count; index += 1) {
        const message = kept.at(index)?.message
        if (!message || (messages.length > 0 && read + message.body.length > limits.bytes)) break
        read += message.body.length
        messages.push(message)
      }
      return messages
    },
    hasAfter: (id) => indexAfter(id) < kept.length,
    idBefore: (last) => kept.at(kept.length - last - 1)?.message.id ?? oldestResumable,
    prune,
    dropOldest: drop,
    clear() {
      while (kept.shift());
      size = 0
    },
  }
}

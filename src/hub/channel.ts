import { fifo } from './fifo.ts'
import { compareIds, formatId, nextId, placeBefore, type MessageId } from './message-id.ts'
import { createMessage, type Message, type Publication } from './message.ts'
import type { Spellings } from './spellings.ts'

/** What of a channel is kept for those who resume. */
export interface HistoryLimits {
  /** Messages. @default 1000 */
  count: number
  /** In ms. @default 300_000 */
  age: number
  /** Bytes of all bodies. @default 8 MiB */
  bytes: number
}

/** `newest`: only what is published from now on; `oldest`: all that is kept; -N: the last N. */
export type FirstMessage = 'newest' | 'oldest' | number

/** Somebody who is sent what is published. */
export interface Subscriber {
  deliver(message: Message): void
  /** The channel was deleted. */
  end(): void
}

/** Where a subscriber goes on from. */
export interface Resumption {
  /** Messages are missing before these. */
  readonly gap: 'expired' | 'unknown' | undefined
  readonly messages: readonly Message[]
  /** The place before the first of them. */
  readonly from: MessageId
}

export interface Channel {
  publish(publication: Publication, now: number): Message
  resume(cursor: MessageId | undefined, first: FirstMessage, now: number): Resumption
  subscribe(subscriber: Subscriber): () => void
  /** Ends every subscriber. */
  end(): void
  /** Forgets what is too old. */
  prune(now: number): void
  /** Forgets the oldest message. */
  shed(): void
  readonly subscribers: number
  readonly retained: number
  /** About what all that is kept takes, in bytes. */
  readonly weight: number
  /** Where the channel is: its last message, or its beginning. */
  readonly last: MessageId
  /** When it last had a subscriber or a publication, in ms since the epoch. */
  readonly touched: number
  /** When a subscriber last asked; undefined: never. */
  readonly requested: number | undefined
}

/** What surrounds a body, in bytes: without it, empty messages would weigh nothing. */
const ENVELOPE = 256

/** One channel: what it keeps, and who listens. Its ids come after `after`. */
export function createChannel(
  { count, age, bytes }: HistoryLimits,
  created: number,
  after: MessageId,
  spellings: Spellings,
): Channel {
  const kept = fifo<{ message: Message; at: number }>()
  let size = 0
  const beginning = nextId(after, created)
  // Everything after `floor` is kept; everything up to it may be gone. Who does not know yet that this server tells gaps
  // asks from just before its place.
  let floor = placeBefore(beginning)
  let last = beginning
  let touched = created
  let requested: number | undefined
  const subscribers = new Set<Subscriber>()

  const forget = (goes: (at: number, left: number) => boolean) => {
    for (let oldest = kept.at(0); oldest && goes(oldest.at, kept.length); oldest = kept.at(0)) {
      size -= oldest.message.body.length
      floor = oldest.message.id
      kept.shift()
    }
  }
  const limit = (now: number) => forget((at, left) => left > count || size > bytes || now - at > age)

  const since = (place: MessageId): Message[] => {
    let start = kept.length
    while (start > 0 && compareIds(kept.at(start - 1)?.message.id ?? place, place) > 0) start -= 1
    return kept.slice(start).map(({ message }) => message)
  }

  return {
    publish(publication, now) {
      const message = createMessage(nextId(last, now), publication, spellings)
      last = message.id
      touched = now
      kept.push({ message, at: now })
      size += message.body.length
      limit(now)
      for (const subscriber of subscribers) subscriber.deliver(message)
      return message
    },

    resume(cursor, first, now) {
      limit(now)
      touched = now
      requested = now
      if (cursor === undefined) {
        const messages =
          first === 'newest' || first === 0 ? [] : first === 'oldest' ? since(floor) : since(floor).slice(first)
        const before = kept.at(kept.length - messages.length - 1)?.message.id ?? floor
        return { gap: undefined, messages, from: messages.length === 0 ? last : before }
      }
      // `0:0` asks for whatever there is, so nothing of it is missing.
      if (cursor.seconds === 0) return { gap: undefined, messages: since(floor), from: floor }
      if (compareIds(cursor, last) > 0) return { gap: 'unknown', messages: [], from: last }
      if (compareIds(cursor, floor) < 0) return { gap: 'expired', messages: since(floor), from: floor }
      return { gap: undefined, messages: since(cursor), from: cursor }
    },

    subscribe(subscriber) {
      subscribers.add(subscriber)
      return () => subscribers.delete(subscriber)
    },

    end() {
      for (const subscriber of subscribers) subscriber.end()
      subscribers.clear()
    },

    prune: limit,
    shed() {
      const { length } = kept
      forget((_, left) => left === length)
    },
    get weight() {
      return size + kept.length * ENVELOPE
    },
    get subscribers() {
      return subscribers.size
    },
    get retained() {
      return kept.length
    },
    get last() {
      return last
    },
    get touched() {
      return touched
    },
    get requested() {
      return requested
    },
  }
}

/** A channel's state, as it travels (PROTOCOL.md section 7). */
export interface ChannelState {
  messages: number
  /** Seconds since a subscriber asked; -1: never. */
  requested: number
  subscribers: number
  last_message_id: string
}

export const channelState = ({ retained, requested, subscribers, last }: Channel, now: number): ChannelState => ({
  messages: retained,
  requested: requested === undefined ? -1 : Math.floor((now - requested) / 1_000),
  subscribers,
  last_message_id: formatId(last),
})

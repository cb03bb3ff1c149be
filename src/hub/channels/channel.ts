import { createHistory, type HistoryLimits, type ReadLimits } from './history.ts'
import { compareMoments, isBeforeAll, type CursorParts, type Moment } from '../../wire/cursor.ts'
import { formatId, type Ids, type MessageId } from './message-id.ts'
import { createMessage, type Message, type Publication } from './message.ts'
import type { EncodingCache } from './encoding-cache.ts'

/**
 * Where a subscriber without a cursor starts. `newest`: it receives only messages that are published from now on.
 * `oldest`: it receives all messages that the channel keeps. -N: it receives the last N of them.
 */
export type StartFrom = 'newest' | 'oldest' | number

/** Receives the messages of a channel. */
export interface Subscriber {
  deliver(message: Message): void
  /** The channel was deleted. */
  end(): void
}

/** The point from which a subscriber continues. */
export interface Resumption {
  /** Why messages before `from` are missing. Undefined: none are. */
  readonly gap: 'history-expired' | 'unknown-cursor' | undefined
  /** The id before the subscriber's first message. If there is none, the current id. */
  readonly from: MessageId
}

/** Kept messages after an id, and a gap if some of them are gone. */
export interface ChannelRead extends Resumption {
  readonly messages: readonly Message[]
}

/** A channel. Get it, resume and subscribe in one synchronous step: a channel without a subscriber is not kept. */
export interface Channel {
  publish(publication: Publication, now: number): Message
  /** Finds where a subscriber continues. The messages that it missed are `after` that id. */
  resume(cursor: CursorParts | undefined, startFrom: StartFrom, now: number): Resumption
  /** Reads kept messages after an id. */
  after(id: MessageId, limits?: ReadLimits): ChannelRead
  /** Adds a subscriber, until the returned function is called. */
  subscribe(subscriber: Subscriber): () => void
  /** Ends every subscriber. */
  end(): void
  /** Drops messages that are too old. */
  prune(now: number): void
  dropOldest(): void
  readonly subscribers: number
  /** How many messages are kept. */
  readonly retained: number
  /** About the memory that kept messages take, in bytes. */
  readonly weight: number
  readonly epoch: string
  /** The id of the last message, or the id at which the channel started. */
  readonly last: MessageId
  /** The current id, which is after every message so far. A subscriber that received all of them continues here. */
  readonly current: MessageId
  /** When a message was last published, in ms since the epoch. Undefined: never. */
  readonly publishedAt: number | undefined
  /** When a subscriber last made a request, in ms since the epoch. Undefined: never. */
  readonly requestedAt: number | undefined
}

export interface ChannelOptions {
  history: HistoryLimits
  epoch: string
  /** The channel will keep every message after this moment. Messages up to it may be gone. */
  oldestResumable: Moment
  ids: Ids
  encodings: EncodingCache
  /** Called with true when the first subscriber joins, and with false when the last one leaves. */
  onActive: (active: boolean) => void
  /** Called with the bytes that the channel keeps more, or less. */
  onWeight: (bytes: number) => void
}

/** What one read of a stream returns at most. */
const STREAM_READ: ReadLimits = { count: 64, bytes: 65_536 }

/** Creates a channel with its history and its subscribers. */
export function createChannel({
  history: limits,
  epoch,
  oldestResumable,
  ids,
  encodings,
  onActive,
  onWeight,
}: ChannelOptions): Channel {
  const history = createHistory(limits, { ...oldestResumable, epoch }, onWeight)
  let last = ids.current(epoch)
  let publishedAt: number | undefined
  let requestedAt: number | undefined
  const subscribers = new Set<Subscriber>()

  // If no message is after an id, the current id means the same and stays known for longer.
  const resumeAfter = (gap: Resumption['gap'], id: MessageId): Resumption => ({
    gap,
    from: history.hasAfter(id) ? id : ids.current(epoch),
  })

  const start = (from: StartFrom): Resumption => {
    const count = from === 'newest' ? 0 : from === 'oldest' ? history.length : -from
    return resumeAfter(undefined, history.idBefore(count))
  }

  return {
    epoch,

    publish(publication, now) {
      const message = createMessage(ids.next(epoch), publication, encodings)
      last = message.id
      publishedAt = now
      history.push(message, now)
      for (const subscriber of subscribers) subscriber.deliver(message)
      return message
    },

    resume(cursor, startFrom, now) {
      history.prune(now)
      requestedAt = now
      if (cursor === undefined) return start(startFrom)
      // This cursor requests everything that is kept, so nothing of it is missing.
      if (isBeforeAll(cursor)) return resumeAfter(undefined, history.oldestResumable)
      // Ids of another epoch have no order here, and the hub did not issue an id that was not reached.
      if (cursor.epoch !== epoch || !ids.reached(cursor)) return resumeAfter('unknown-cursor', last)
      if (compareMoments(cursor, history.oldestResumable) < 0)
        return resumeAfter('history-expired', history.oldestResumable)
      return resumeAfter(undefined, { ...cursor, epoch })
    },

    after(id, limits = STREAM_READ) {
      const expired = compareMoments(id, history.oldestResumable) < 0
      return {
        gap: expired ? 'history-expired' : undefined,
        from: expired ? history.oldestResumable : id,
        messages: history.after(id, limits),
      }
    },

    subscribe(subscriber) {
      if (subscribers.size === 0) onActive(true)
      subscribers.add(subscriber)
      return () => {
        if (subscribers.delete(subscriber) && subscribers.size === 0) onActive(false)
      }
    },

    end() {
      for (const subscriber of subscribers) subscriber.end()
      subscribers.clear()
      // Messages that subscribers did not receive yet are in the queues of their connections now.
      history.clear()
    },

    prune: history.prune,
    dropOldest: history.dropOldest,
    get weight() {
      return history.weight
    },
    get subscribers() {
      return subscribers.size
    },
    get retained() {
      return history.length
    },
    get last() {
      return last
    },
    get current() {
      return ids.current(epoch)
    },
    get publishedAt() {
      return publishedAt
    },
    get requestedAt() {
      return requestedAt
    },
  }
}

/** The state of a channel as the hub sends it (PROTOCOL.md section 7). */
export interface ChannelState {
  /** How many messages the channel keeps. */
  messages: number
  /** Seconds since a subscriber last made a request. -1: never. */
  requested: number
  subscribers: number
  last_message_id: string
}

export const channelState = ({ retained, requestedAt, subscribers, last }: Channel, now: number): ChannelState => ({
  messages: retained,
  requested: requestedAt === undefined ? -1 : Math.floor((now - requestedAt) / 1_000),
  subscribers,
  last_message_id: formatId(last),
})

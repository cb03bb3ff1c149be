import { createHistory, type HistoryLimits, type ReadLimits } from './history.ts'
import { compareMoments, isBeforeAll, type CursorParts, type Moment } from '../../wire/cursor.ts'
import { formatId, type Ids, type MessageId } from './message-id.ts'
import { createMessage, type Message, type Publication } from './message.ts'
import type { Spellings } from './encoding-cache.ts'

/** `newest`: only what is published from now on; `oldest`: all that is kept; -N: the last N. */
export type StartFrom = 'newest' | 'oldest' | number

/** Somebody who is sent what is published. */
export interface Subscriber {
  deliver(message: Message): void
  /** The channel was deleted. */
  end(): void
}

/** Where a subscriber goes on from. */
export interface Resumption {
  /** Messages are missing before these. */
  readonly gap: 'history-expired' | 'unknown-cursor' | undefined
  /** The place before the first of them; where there are none, the present one. */
  readonly from: MessageId
}

/** Some of the messages after a place; a gap where those next to it are forgotten. */
export interface Kept extends Resumption {
  readonly messages: readonly Message[]
}

/** It is asked for, resumed and subscribed to in one go: one that nobody uses is not kept. */
export interface Channel {
  publish(publication: Publication, now: number): Message
  /** Where a subscriber begins. What it is owed is `after` that place. */
  resume(cursor: CursorParts | undefined, first: StartFrom, now: number): Resumption
  after(place: MessageId, limits?: ReadLimits): Kept
  subscribe(subscriber: Subscriber): () => void
  /** Ends every subscriber. */
  end(): void
  /** Forgets what is too old. */
  prune(now: number): void
  /** Forgets the oldest message. */
  dropOldest(): void
  readonly subscribers: number
  readonly retained: number
  /** About what all that is kept takes, in bytes. */
  readonly weight: number
  /** The life that it is in. */
  readonly epoch: string
  /** The last message, or the place where the channel began. */
  readonly last: MessageId
  /** The present place: after every message so far. A subscriber that was sent all of them goes on from there. */
  readonly here: MessageId
  /** When a message was last published to it; undefined: never. In ms since the epoch. */
  readonly published: number | undefined
  /** When a subscriber last asked; undefined: never. */
  readonly requested: number | undefined
}

export interface ChannelOptions {
  history: HistoryLimits
  epoch: string
  /** Every message of this life that comes after it will be kept here; those up to it may be gone. */
  oldestResumable: Moment
  ids: Ids
  spellings: Spellings
  /** The first subscriber came, or the last one left. */
  attended: (attended: boolean) => void
  /** It keeps so many bytes more, or less. */
  weighed: (by: number) => void
}

/** What a stream reads at once. */
const AT_ONCE: ReadLimits = { count: 64, bytes: 65_536 }

/** One channel: what it keeps, and who listens. */
export function createChannel({
  history: limits,
  epoch,
  oldestResumable,
  ids,
  spellings,
  attended,
  weighed,
}: ChannelOptions): Channel {
  const history = createHistory(limits, { ...oldestResumable, epoch }, weighed)
  let last = ids.here(epoch)
  let published: number | undefined
  let requested: number | undefined
  const subscribers = new Set<Subscriber>()

  /** Goes on from a place. Where nothing came after it, the present place is as good, and stays known for longer. */
  const goOn = (gap: Resumption['gap'], from: MessageId): Resumption => ({
    gap,
    from: history.hasAfter(from) ? from : ids.here(epoch),
  })

  return {
    epoch,

    publish(publication, now) {
      const message = createMessage(ids.next(epoch), publication, spellings)
      last = message.id
      published = now
      history.push(message, now)
      for (const subscriber of subscribers) subscriber.deliver(message)
      return message
    },

    resume(cursor, first, now) {
      history.prune(now)
      requested = now
      const { floor, length } = history
      if (cursor === undefined) {
        const asked = first === 'newest' ? 0 : first === 'oldest' ? length : -first
        return goOn(undefined, history.placeBefore(asked))
      }
      // It asks for whatever there is, so nothing of it is missing.
      if (isBeforeAll(cursor)) return goOn(undefined, floor)
      // Another life's messages cannot be counted from here, and a place that was not reached was not issued.
      if (cursor.epoch !== epoch || !ids.reached(cursor)) return goOn('unknown-cursor', last)
      if (compareMoments(cursor, floor) < 0) return goOn('history-expired', floor)
      return goOn(undefined, { ...cursor, epoch })
    },

    after(place, some = AT_ONCE) {
      const forgotten = compareMoments(place, history.floor) < 0
      return {
        gap: forgotten ? 'history-expired' : undefined,
        from: forgotten ? history.floor : place,
        messages: history.after(place, some),
      }
    },

    subscribe(subscriber) {
      if (subscribers.size === 0) attended(true)
      subscribers.add(subscriber)
      return () => {
        if (subscribers.delete(subscriber) && subscribers.size === 0) attended(false)
      }
    },

    end() {
      for (const subscriber of subscribers) subscriber.end()
      subscribers.clear()
      // What a subscriber is still owed waits for its connection now.
      history.clear()
    },

    prune: history.prune,
    dropOldest: history.shed,
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
    get here() {
      return ids.here(epoch)
    },
    get published() {
      return published
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

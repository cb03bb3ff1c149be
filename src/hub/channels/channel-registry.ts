import { channelState, createChannel, type Channel, type ChannelState } from './channel.ts'
import { drawEpoch } from './epoch.ts'
import type { HistoryLimits } from './history.ts'
import { HubError } from '../errors.ts'
import { createLives } from './lives.ts'
import { BEFORE_ALL, compareMoments, type CursorParts, type Moment } from '../../wire/cursor.ts'
import { createIds, formatId, type MessageId } from './message-id.ts'
import { checkPublication, type Message, type Publication } from './message.ts'
import { createSpellings } from './encoding-cache.ts'

/** Who publishes: the application, by the hub's own functions, or somebody by a request. */
export type Publisher = 'application' | 'request'

/** The channels of one hub. A channel is kept while it has subscribers, and as long as its messages. */
export interface Registry {
  /**
   * The channel of that name, for a request; it begins again after its end. It takes room only while it has subscribers,
   * and those are counted as connections.
   * @throws HubError `invalid-channel`
   */
  channel(name: string): Channel
  /** Where a channel is now. */
  cursor(name: string): string
  /**
   * The end of a channel that was deleted and has not begun again, for a reader at a place; undefined: it has not ended.
   * `complete`: the reader was sent everything before the end.
   */
  endAt(name: string, place: CursorParts): { readonly complete: boolean } | undefined
  publish(name: string, publication: Publication, by?: Publisher): { message: Message; subscribers: number }
  state(name: string): ChannelState | undefined
  /** Ends the channel and its subscribers; its last state, or undefined where nothing was kept of it. */
  delete(name: string): ChannelState | undefined
  /** Forgets what is too old, channels and ends included. */
  prune(): void
}

export interface RegistryOptions {
  /** Of each channel. */
  history: HistoryLimits
  /** Of all that is kept, in all channels together. */
  maxHistoryBytes: number
  maxChannels: number
  maxMessageBytes: number
  now: () => number
}

interface Entry {
  readonly channel: Channel
  /** The application published to it. */
  own: boolean
}

export function createRegistry({
  history,
  maxHistoryBytes,
  maxChannels,
  maxMessageBytes,
  now,
}: RegistryOptions): Registry {
  const epoch = drawEpoch()
  const ids = createIds(now)
  const spellings = createSpellings()
  // In the order of their last publications.
  const channels = new Map<string, Entry>()
  // Of these somebody published to so many, and the application to so many.
  let publishedChannels = 0
  let ownChannels = 0
  // Those that keep messages, in the same order; strangers' messages go before the application's.
  const strangers = new Map<string, Channel>()
  const own = new Map<string, Channel>()
  let weight = 0
  // Of a name that is not kept, every message up to here may be gone, and none after it was published.
  let forgotten: Moment = BEFORE_ALL
  const forgetUpTo = (place: Moment) => {
    if (compareMoments(place, forgotten) > 0) forgotten = place
  }
  const lives = createLives(maxChannels, now, forgetUpTo)

  /** A channel that is not kept until somebody uses it. */
  const create = (name: string): Channel => {
    const created = createChannel({
      history,
      epoch: lives.begin(name) ?? epoch,
      oldestResumable: forgotten,
      ids,
      spellings,
      attended: (attended) => (attended ? keep(name, created) : leave(name, created)),
      weighed: (by) => (weight += by),
    })
    return created
  }

  const keep = (name: string, channel: Channel): Entry => {
    const entry = channels.get(name) ?? { channel, own: false }
    channels.set(name, entry)
    return entry
  }

  /** Its last subscriber left: where nothing was published, nothing is lost with it. */
  const leave = (name: string, channel: Channel) => {
    if (channels.get(name)?.channel === channel && channel.published === undefined) channels.delete(name)
  }

  const remove = (name: string, { channel, own: wasOwn }: Entry) => {
    channels.delete(name)
    strangers.delete(name)
    own.delete(name)
    weight -= channel.weight
    if (channel.published !== undefined) publishedChannels -= 1
    if (wasOwn) ownChannels -= 1
  }

  const forget = (name: string, entry: Entry) => {
    remove(name, entry)
    forgetUpTo(entry.channel.last)
  }

  /** Sees to it that there is room to publish to one more channel. The application is not refused because of strangers. */
  const makeRoom = (by: Publisher) => {
    if (publishedChannels < maxChannels) return
    if (ownChannels < maxChannels)
      for (const [name, entry] of channels)
        if (!entry.own && entry.channel.subscribers === 0) return forget(name, entry)
    if (by === 'request' || ownChannels >= maxChannels)
      throw new HubError('too-many-channels', `the hub keeps ${maxChannels} channels, and no more`)
  }

  /** The place after which nothing was published in the present life of a name. */
  const lastOf = (name: string, channel: Channel | undefined): MessageId => {
    if (channel?.published !== undefined) return channel.last
    return lives.ended(name) ?? { ...forgotten, epoch: channel?.epoch ?? lives.begin(name) ?? epoch }
  }

  /** Takes from the channel that was published to longest ago, until all fit. */
  const fit = () => {
    for (const keeping of [strangers, own])
      for (const [name, channel] of keeping) {
        while (weight > maxHistoryBytes && channel.retained > 0) channel.dropOldest()
        if (channel.retained === 0) keeping.delete(name)
        if (weight <= maxHistoryBytes) return
      }
  }

  return {
    channel(name) {
      const present = channels.get(name)
      if (present) return present.channel
      checkName(name)
      return create(name)
    },

    cursor(name) {
      checkName(name)
      return formatId(ids.here(channels.get(name)?.channel.epoch ?? lives.begin(name) ?? epoch))
    },

    endAt(name, { epoch: of, ...place }) {
      const last = channels.has(name) ? undefined : lives.ended(name)
      return last && { complete: of === last.epoch && compareMoments(place, last) >= 0 }
    },

    publish(name, publication, by = 'request') {
      checkPublication(publication, maxMessageBytes)
      checkName(name)
      if (channels.get(name)?.channel.published === undefined) makeRoom(by)
      const entry = channels.get(name) ?? keep(name, create(name))
      const { channel } = entry
      const { subscribers } = channel
      if (channel.published === undefined) publishedChannels += 1
      if (by === 'application' && !entry.own) {
        entry.own = true
        ownChannels += 1
        strangers.delete(name)
      }
      const keeping = entry.own ? own : strangers
      channels.delete(name)
      channels.set(name, entry)
      keeping.delete(name)
      keeping.set(name, channel)
      const message = channel.publish(publication, now())
      fit()
      return { message, subscribers }
    },

    state(name) {
      const present = channels.get(name)
      return present && channelState(present.channel, now())
    },

    delete(name) {
      checkName(name)
      const present = channels.get(name)
      const state = present && channelState(present.channel, now())
      const last = lastOf(name, present?.channel)
      if (present) remove(name, present)
      lives.end(name, last, ids.next(epoch))
      present?.channel.end()
      return state
    },

    prune() {
      spellings.clear()
      const oldest = now() - history.age
      for (const [name, entry] of channels) {
        const { channel } = entry
        channel.prune(now())
        if (channel.retained > 0) continue
        strangers.delete(name)
        own.delete(name)
        if (channel.subscribers === 0 && (channel.published ?? 0) < oldest) forget(name, entry)
      }
      lives.prune(oldest, (name) => channels.has(name))
    },
  }
}

/** A name that can stand in a URL, a log and a header, and that a request can name (see `ambiguity`). */
export function checkName(name: string): void {
  if (name.length === 0 || name.length > 255)
    throw new HubError('invalid-channel', 'a channel name has 1 to 255 characters')
  // oxlint wants no control characters in patterns, and they are what is looked for.
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    if (code < 32 || (code >= 127 && code < 160))
      throw new HubError('invalid-channel', 'a channel name has no control characters')
  }
  if (/\\|%[\da-f]{2}|(^|\/)\.{1,2}(\/|$)/i.test(name))
    throw new HubError('invalid-channel', 'a channel name has no backslash, dot segment or percent-encoding')
}

import { channelState, createChannel, type Channel, type ChannelState } from './channel.ts'
import { checkName } from './channel-name.ts'
import { createChannelTable, type Entry, type Publisher } from './channel-table.ts'
import { createDeletedChannels } from './deleted-channels.ts'
import { createEncodingCache } from './encoding-cache.ts'
import type { HistoryLimits } from './history.ts'
import { createHistoryBudget } from './history-budget.ts'
import { BEFORE_ALL, compareMoments, type CursorParts, type Moment } from '../../wire/cursor.ts'
import { createEpoch, createIds, formatId, type MessageId } from './message-id.ts'
import { checkPublication, type Message, type Publication } from './message.ts'

/** The channels of one hub. A channel is kept while it has subscribers, and as long as its messages. */
export interface Registry {
  /**
   * Returns the channel of a name; after a deletion, a new one. The registry keeps it only while it has subscribers,
   * which count as connections.
   * @throws HubError `invalid-channel`
   */
  channel(name: string): Channel
  /** Returns the current cursor of a channel. @throws HubError `invalid-channel` */
  cursor(name: string): string
  /** Returns the current position of every channel: the part of its cursor before the epoch. */
  position(): string
  /**
   * Returns the end of a channel that was deleted and not used again, for a subscriber with a cursor. Undefined: the
   * channel has not ended. `complete`: the subscriber received everything before the end.
   */
  endAt(name: string, cursor: CursorParts): { readonly complete: boolean } | undefined
  /** Checks whether a client may publish a message now. @throws HubError as `publish` does */
  check(name: string, publication: Publication): void
  publish(name: string, publication: Publication, by?: Publisher): { message: Message; subscribers: number }
  state(name: string): ChannelState | undefined
  /** Ends a channel and its subscribers. Returns its last state, or undefined if the registry kept nothing of it. */
  delete(name: string): ChannelState | undefined
  /** Forgets messages, channels and deletions that are too old. */
  prune(): void
}

export interface RegistryOptions {
  /** Limits of each channel. */
  history: HistoryLimits
  /** What all channels together keep, in bytes. */
  maxHistoryBytes: number
  maxChannels: number
  maxMessageBytes: number
  now: () => number
}

export function createRegistry({
  history,
  maxHistoryBytes,
  maxChannels,
  maxMessageBytes,
  now,
}: RegistryOptions): Registry {
  const hubEpoch = createEpoch()
  const ids = createIds(now)
  const encodings = createEncodingCache()
  const table = createChannelTable(maxChannels)
  const budget = createHistoryBudget(maxHistoryBytes)
  // Of a name without an entry, any message up to here may be gone, and none was published after it.
  let forgotten: Moment = BEFORE_ALL
  const forgetUpTo = (moment: Moment) => {
    if (compareMoments(moment, forgotten) > 0) forgotten = moment
  }
  const deleted = createDeletedChannels(maxChannels, now, forgetUpTo)

  const epochOf = (name: string): string => table.get(name)?.channel.epoch ?? deleted.restart(name) ?? hubEpoch

  /** Creates a channel, which the table has once it is used. */
  const create = (name: string): Channel => {
    const channel = createChannel({
      history,
      epoch: epochOf(name),
      oldestResumable: forgotten,
      ids,
      encodings,
      onActive: (active) => (active ? table.add(name, channel) : onLastLeft(name, channel)),
      onWeight: budget.weigh,
    })
    return channel
  }

  /** Removes a channel to which nothing was published: nothing is lost with it. */
  const onLastLeft = (name: string, channel: Channel) => {
    const entry = table.get(name)
    if (entry?.channel === channel && channel.publishedAt === undefined) table.remove(entry)
  }

  const remove = (entry: Entry) => {
    table.remove(entry)
    budget.remove(entry.name)
    budget.weigh(-entry.channel.weight)
  }

  const forget = (entry: Entry) => {
    remove(entry)
    forgetUpTo(entry.channel.last)
  }

  /** Returns the id after which nothing was published to a name in its epoch. */
  const lastId = (name: string): MessageId => {
    const channel = table.get(name)?.channel
    if (channel?.publishedAt !== undefined) return channel.last
    return deleted.lastId(name) ?? { ...forgotten, epoch: epochOf(name) }
  }

  /** Checks a publication. Returns the channel that has to be removed for it. */
  const makeRoom = (name: string, publication: Publication, by: Publisher): Entry | undefined => {
    checkPublication(publication, maxMessageBytes)
    checkName(name)
    return table.get(name)?.channel.publishedAt === undefined ? table.evictFor(by) : undefined
  }

  const stateOf = ({ channel }: Entry): ChannelState => channelState(channel, now())

  return {
    channel(name) {
      const entry = table.get(name)
      if (entry) return entry.channel
      checkName(name)
      return create(name)
    },

    cursor(name) {
      checkName(name)
      return formatId(ids.current(epochOf(name)))
    },

    position() {
      const { seconds, counter } = ids.current(hubEpoch)
      return `${seconds}:${counter}`
    },

    endAt(name, { epoch, ...moment }) {
      const last = table.has(name) ? undefined : deleted.lastId(name)
      return last && { complete: epoch === last.epoch && compareMoments(moment, last) >= 0 }
    },

    check: (name, publication) => void makeRoom(name, publication, 'request'),

    publish(name, publication, by = 'request') {
      const evicted = makeRoom(name, publication, by)
      if (evicted) forget(evicted)
      const entry = table.get(name) ?? table.add(name, create(name))
      const { channel } = entry
      const { subscribers } = channel
      table.published(entry, by)
      budget.published(name, channel, entry.byApplication)
      const message = channel.publish(publication, now())
      budget.enforce()
      return { message, subscribers }
    },

    state(name) {
      const entry = table.get(name)
      return entry && stateOf(entry)
    },

    delete(name) {
      checkName(name)
      const entry = table.get(name)
      const state = entry && stateOf(entry)
      const last = lastId(name)
      if (entry) remove(entry)
      deleted.add(name, last, ids.next(hubEpoch))
      entry?.channel.end()
      return state
    },

    prune() {
      encodings.clear()
      const oldest = now() - history.age
      for (const entry of table.entries()) {
        const { name, channel } = entry
        channel.prune(now())
        if (channel.retained > 0) continue
        budget.remove(name)
        if (channel.subscribers === 0 && (channel.publishedAt ?? 0) < oldest) forget(entry)
      }
      deleted.prune(oldest, table.has)
    },
  }
}

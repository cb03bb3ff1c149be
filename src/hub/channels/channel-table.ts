import type { Channel } from './channel.ts'
import { HubError } from '../errors.ts'

/** Whether the application published, by a function of the hub, or a client, by a request. */
export type Publisher = 'application' | 'request'

export interface Entry {
  readonly name: string
  readonly channel: Channel
  /** Whether the application published to it. */
  byApplication: boolean
}

/** The channels that a hub keeps, in the order of their last publications. At most `maxChannels` were published to. */
export interface ChannelTable {
  get(name: string): Entry | undefined
  has(name: string): boolean
  /** Keeps a channel, unless the table has one of that name. */
  add(name: string, channel: Channel): Entry
  /** Counts a publication to a channel that is about to happen. */
  published(entry: Entry, by: Publisher): void
  remove(entry: Entry): void
  /**
   * Returns the channel to remove before a new channel is published to. Undefined: there is room for one more.
   *
   * Requests cannot use up the application's room: its publications remove a channel that only requests published to, or
   * go above the limit where all of those have subscribers.
   *
   * @throws HubError `too-many-channels`
   */
  evictFor(by: Publisher): Entry | undefined
  entries(): Iterable<Entry>
}

export function createChannelTable(maxChannels: number): ChannelTable {
  const table = new Map<string, Entry>()
  let published = 0
  let publishedByApplication = 0

  const evictable = (): Entry | undefined => {
    for (const entry of table.values()) if (!entry.byApplication && entry.channel.subscribers === 0) return entry
    return undefined
  }

  return {
    get: (name) => table.get(name),
    has: (name) => table.has(name),
    add(name, channel) {
      const entry = table.get(name) ?? { name, channel, byApplication: false }
      table.set(name, entry)
      return entry
    },
    published(entry, by) {
      if (entry.channel.publishedAt === undefined) published += 1
      if (by === 'application' && !entry.byApplication) {
        entry.byApplication = true
        publishedByApplication += 1
      }
      table.delete(entry.name)
      table.set(entry.name, entry)
    },
    remove({ name, channel, byApplication }) {
      table.delete(name)
      if (channel.publishedAt !== undefined) published -= 1
      if (byApplication) publishedByApplication -= 1
    },
    evictFor(by) {
      if (published < maxChannels) return undefined
      const applicationHasRoom = publishedByApplication < maxChannels
      const evicted = applicationHasRoom ? evictable() : undefined
      if (evicted || (applicationHasRoom && by === 'application')) return evicted
      throw new HubError(
        'too-many-channels',
        `Message not published: the hub keeps ${maxChannels} channels, as many as \`maxChannels\` allows. Try again later.`,
      )
    },
    entries: () => table.values(),
  }
}

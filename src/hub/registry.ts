import { channelState, createChannel, type Channel, type ChannelState, type HistoryLimits } from './channel.ts'
import { HubError } from './hub-error.ts'
import { BEFORE_ALL, compareIds } from './message-id.ts'
import { checkPublication, type Message, type Publication } from './message.ts'
import { createSpellings } from './spellings.ts'

/** The channels of one hub. */
export interface Registry {
  /** The channel of that name; it begins when it is first asked for, or again after its end. */
  channel(name: string): Channel
  /** Whether the channel was deleted and has not begun anew. */
  ended(name: string): boolean
  publish(name: string, publication: Publication): { message: Message; subscribers: number }
  state(name: string): ChannelState | undefined
  /** Ends its subscribers; its last state, or undefined where there was none. */
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

export function createRegistry({
  history,
  maxHistoryBytes,
  maxChannels,
  maxMessageBytes,
  now,
}: RegistryOptions): Registry {
  const channels = new Map<string, Channel>()
  const ends = new Map<string, number>()
  const spellings = createSpellings()
  let weight = 0
  // A name that begins anew goes on after this, so that no cursor of its earlier life lies within the new one.
  let forgotten = BEFORE_ALL

  const channel = (name: string): Channel => {
    checkName(name)
    const present = channels.get(name)
    if (present) return present
    if (channels.size >= maxChannels)
      throw new HubError('too-many-channels', `the hub has ${maxChannels} channels, and makes no more`)
    const created = createChannel(history, now(), forgotten, spellings)
    channels.set(name, created)
    ends.delete(name)
    return created
  }

  /** Does something to a channel that changes how much it keeps. */
  const change = <T>(changed: Channel, act: () => T): T => {
    const before = changed.weight
    const result = act()
    weight += changed.weight - before
    return result
  }

  /** Takes from who published longest ago, until all fit. */
  const fit = () => {
    for (const oldest of channels.values()) {
      while (weight > maxHistoryBytes && oldest.retained > 0) change(oldest, oldest.shed)
      if (weight <= maxHistoryBytes) return
    }
  }

  const forget = (name: string, { last, weight: kept }: Channel) => {
    channels.delete(name)
    weight -= kept
    if (compareIds(last, forgotten) > 0) forgotten = last
  }

  return {
    channel,
    ended: (name) => ends.has(name),

    publish(name, publication) {
      checkPublication(publication, maxMessageBytes)
      const to = channel(name)
      const { subscribers } = to
      // Channels stand in the order of their last publications.
      channels.delete(name)
      channels.set(name, to)
      const message = change(to, () => to.publish(publication, now()))
      fit()
      return { message, subscribers }
    },

    state(name) {
      const present = channels.get(name)
      return present && channelState(present, now())
    },

    delete(name) {
      const present = channels.get(name)
      if (!present) return undefined
      const state = channelState(present, now())
      forget(name, present)
      ends.delete(name)
      ends.set(name, now())
      const [first] = ends.keys()
      if (ends.size > maxChannels && first !== undefined) ends.delete(first)
      present.end()
      return state
    },

    prune() {
      spellings.clear()
      const oldest = now() - history.age
      for (const [name, present] of channels) {
        change(present, () => present.prune(now()))
        if (present.subscribers === 0 && present.retained === 0 && present.touched < oldest) forget(name, present)
      }
      for (const [name, at] of ends) if (at < oldest) ends.delete(name)
    },
  }
}

/** A name that can stand in a URL, a log and a header. */
export function checkName(name: string): void {
  if (name.length === 0 || name.length > 255)
    throw new HubError('invalid-channel', 'a channel name has 1 to 255 characters')
  // oxlint wants no control characters in patterns, and they are what is looked for.
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0
    if (code < 32 || (code >= 127 && code < 160))
      throw new HubError('invalid-channel', 'a channel name has no control characters')
  }
}

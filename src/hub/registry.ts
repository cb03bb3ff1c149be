import { channelState, createChannel, type Channel, type ChannelState, type HistoryLimits } from './channel.ts'
import { HubError } from './hub-error.ts'
import { BEFORE_ALL, compareIds } from './message-id.ts'
import { checkPublication, type Message, type Publication } from './message.ts'

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

export function createRegistry(history: HistoryLimits, maxMessageBytes: number, now: () => number): Registry {
  const channels = new Map<string, Channel>()
  const ends = new Map<string, number>()
  // A name that begins anew goes on after this, so that no cursor of its earlier life lies within the new one.
  let forgotten = BEFORE_ALL

  const channel = (name: string): Channel => {
    checkName(name)
    const present = channels.get(name)
    if (present) return present
    const created = createChannel(history, now(), forgotten)
    channels.set(name, created)
    ends.delete(name)
    return created
  }

  const forget = (name: string, { last }: Channel) => {
    channels.delete(name)
    if (compareIds(last, forgotten) > 0) forgotten = last
  }

  return {
    channel,
    ended: (name) => ends.has(name),

    publish(name, publication) {
      checkPublication(publication, maxMessageBytes)
      const to = channel(name)
      const { subscribers } = to
      return { message: to.publish(publication, now()), subscribers }
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
      ends.set(name, now())
      present.end()
      return state
    },

    prune() {
      const oldest = now() - history.age
      for (const [name, present] of channels) {
        present.prune(now())
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

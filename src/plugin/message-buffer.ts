import type { PushMessage } from '../observables/index.ts'
import type { ChannelInternals } from '../observables/channel/internal-channel.ts'
import type { SnapshotPosition } from './snapshot.ts'

/** Keeps messages until they are applied, and knows which of them the state includes already. */
export interface MessageBuffer<T> {
  readonly size: number
  add(message: PushMessage<T>): void
  /** Removes and returns all messages. */
  take(): PushMessage<T>[]
  /** Puts messages back before all others. */
  putBack(messages: readonly PushMessage<T>[]): void
  /** Removes all messages, and forgets the position. */
  clear(): void
  /**
   * Sets the position of a new state, and removes the messages up to the one at its cursor. Returns false, and changes
   * nothing, if a message comes from another epoch.
   */
  startAt(position: SnapshotPosition): boolean
  /** Whether the state includes the message. To be called once for each message, in order. */
  includes(message: PushMessage<T>): boolean
  /** Whether the message comes from another epoch than the state, so that nothing proves which of them is newer. */
  isForeign(message: PushMessage<T>): boolean
}

/**
 * @param position Where the state is in the channel before the first message.
 * @param versionOf Returns the binding's `version`.
 */
export function messageBuffer<T>(
  channel: Pick<ChannelInternals<T>, 'isAfter'>,
  position: SnapshotPosition,
  versionOf: () => ((data: T) => number) | undefined,
): MessageBuffer<T> {
  let messages: PushMessage<T>[] = []
  let { cursor: at, version: included } = position

  const isUnordered = (cursor: string | undefined, other: string | undefined) =>
    cursor !== undefined &&
    other !== undefined &&
    channel.isAfter(cursor, other) === undefined &&
    // A backend whose cursors have no order at all proves nothing about epochs.
    channel.isAfter(other, other) !== undefined

  return {
    get size() {
      return messages.length
    },
    add: (message) => void messages.push(message),
    take() {
      const taken = messages
      messages = []
      return taken
    },
    putBack: (returned) => void (messages = [...returned, ...messages]),
    clear() {
      messages = []
      at = included = undefined
    },
    startAt({ cursor, version }) {
      if (messages.some((message) => isUnordered(message.cursor, cursor))) return false
      at = cursor
      included = version
      // Cursors without an order prove it too: all messages before an equal cursor are included.
      const last = cursor === undefined ? -1 : messages.findLastIndex((message) => message.cursor === cursor)
      messages = messages.slice(last + 1)
      return true
    },
    includes({ data, cursor }) {
      if (at !== undefined && cursor !== undefined) {
        const later = channel.isAfter(cursor, at)
        if (cursor === at || later === false) return true
        // Messages arrive in order, so the state includes no later one either.
        if (later) at = undefined
      }
      const version = versionOf()
      return included !== undefined && version !== undefined && version(data) <= included
    },
    isForeign: ({ cursor }) => isUnordered(cursor, at),
  }
}

import type { Moment } from '../../wire/cursor.ts'
import { createEpoch, type MessageId } from './message-id.ts'

/** Remembers the names that were deleted, and the epochs of those that were used again afterwards. */
export interface DeletedChannels {
  /** Returns the last id of a name that was deleted and not used again. Undefined for any other name. */
  lastId(name: string): MessageId | undefined
  /** Remembers that a name was deleted at its last id. All of its ids are before `after`. */
  add(name: string, last: MessageId, after: Moment): void
  /** Uses a deleted name again and returns its epoch. Undefined if the name was never deleted. */
  restart(name: string): string | undefined
  /** Forgets the names that were not used since `oldest`, unless their channels are in use. */
  prune(oldest: number, inUse: (name: string) => boolean): void
}

interface Deletion {
  /** The epoch of the channel since then. Undefined: the name was not used again. */
  epoch: string | undefined
  readonly last: MessageId
  readonly after: Moment
  usedAt: number
}

/**
 * Remembers up to `max` deletions. When it forgets one, it calls `onForget` with a moment that is after every cursor of
 * that name.
 */
export function createDeletedChannels(
  max: number,
  now: () => number,
  onForget: (after: Moment) => void,
): DeletedChannels {
  // In the order of their last use.
  const deletions = new Map<string, Deletion>()

  const use = (name: string, deletion: Deletion) => {
    deletions.delete(name)
    deletions.set(name, deletion)
  }
  const forget = (name: string, { after }: Deletion) => {
    deletions.delete(name)
    onForget(after)
  }

  return {
    lastId(name) {
      const deletion = deletions.get(name)
      return deletion?.epoch === undefined ? deletion?.last : undefined
    },
    add(name, last, after) {
      use(name, { epoch: undefined, last, after, usedAt: now() })
      if (deletions.size <= max) return
      for (const [oldest, deletion] of deletions) return forget(oldest, deletion)
    },
    restart(name) {
      const deletion = deletions.get(name)
      if (!deletion) return undefined
      deletion.usedAt = now()
      use(name, deletion)
      return (deletion.epoch ??= createEpoch())
    },
    prune(oldest, inUse) {
      for (const [name, deletion] of deletions) {
        if (inUse(name)) deletion.usedAt = now()
        else if (deletion.usedAt < oldest) forget(name, deletion)
      }
    },
  }
}

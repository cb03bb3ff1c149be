import { drawEpoch } from './epoch.ts'
import type { Moment } from '../../wire/cursor.ts'
import type { MessageId } from './message-id.ts'

/** The names that were ended, and the lives that some of them began after that. */
export interface Lives {
  /** The last place of a name that was ended and has not begun again; undefined for all others. */
  ended(name: string): MessageId | undefined
  /** Ends the life of a name at its last place; all of its ids are before `after`. */
  end(name: string, last: MessageId, after: Moment): void
  /** The epoch of a name, which begins again where it was ended; undefined: it is in its first life. */
  begin(name: string): string | undefined
  /** Forgets the names that were not used since `oldest`, unless they are kept. */
  prune(oldest: number, kept: (name: string) => boolean): void
}

interface Life {
  /** Undefined: it was ended. */
  epoch: string | undefined
  /** Where the life before this one ended. */
  readonly last: MessageId
  readonly after: Moment
  used: number
}

/** `forgotten` is called with a place that all cursors of a name lie before of which nothing is known any more. */
export function createLives(most: number, now: () => number, forgotten: (after: Moment) => void): Lives {
  // In the order of their last use.
  const lives = new Map<string, Life>()

  const use = (name: string, life: Life) => {
    lives.delete(name)
    lives.set(name, life)
  }
  const forget = (name: string, { after }: Life) => {
    lives.delete(name)
    forgotten(after)
  }

  return {
    ended(name) {
      const life = lives.get(name)
      return life?.epoch === undefined ? life?.last : undefined
    },
    end(name, last, after) {
      use(name, { epoch: undefined, last, after, used: now() })
      if (lives.size <= most) return
      for (const [oldest, life] of lives) return forget(oldest, life)
    },
    begin(name) {
      const life = lives.get(name)
      if (!life) return undefined
      life.used = now()
      use(name, life)
      return (life.epoch ??= drawEpoch())
    },
    prune(oldest, kept) {
      for (const [name, life] of lives) {
        if (kept(name)) life.used = now()
        else if (life.used < oldest) forget(name, life)
      }
    },
  }
}

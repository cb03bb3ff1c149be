import { createEpoch } from '../channels/message-id.ts'
import type { Settle } from '../connections/inbound-queue.ts'
import type { Refusal } from '../http/http-errors.ts'

/** One client, and the outcomes of its messages. */
export interface Publisher {
  /** Names what the hub remembers of the publisher. It is another one after the hub has forgotten everything. */
  readonly memory: string
  /**
   * Settles a message with the outcome of its first attempt, or attempts to publish it. A message whose outcome is
   * forgotten is refused with 409.
   */
  once(number: number, attempt: (settle: Settle) => void, settle: Settle): void
}

/** Remembers which messages of clients were published, so that a message that is sent again is published once. */
export interface Publishers {
  /** Returns the publisher of a name, or creates it. */
  register(name: string): Publisher
  /** Forgets publishers that were not used lately. */
  prune(): void
}

/** How long the outcomes of a publisher are remembered after its last message, in ms. */
const KEPT = 600_000

/** How many outcomes are remembered, of one publisher and of all. The oldest are forgotten first. */
const MAX_OUTCOMES = 10_000
const MAX_ALL = 1_000_000

const FORGOTTEN: Refusal = {
  status: 409,
  message: 'Message not published: the hub does not know any more whether it was published before.',
}

/** The outcome of a message, or who waits for it. */
type Outcome = { readonly refusal: Refusal | undefined } | { readonly waiting: Settle[] }

interface Entry extends Publisher {
  usedAt: number
  readonly size: number
  forget(): void
}

export function createPublishers(now: () => number): Publishers {
  // In the order of their last use.
  const entries = new Map<string, Entry>()
  let size = 0

  const forget = (name: string, entry: Entry) => {
    entries.delete(name)
    size -= entry.size
    entry.forget()
  }

  const create = (name: string): Entry => {
    const outcomes = new Map<number, Outcome>()
    let forgotten = -1
    const add = (number: number, outcome: Outcome) => {
      outcomes.set(number, outcome)
      size += 1
      const [oldest] = outcomes.keys()
      if (outcomes.size <= MAX_OUTCOMES || oldest === undefined) return
      outcomes.delete(oldest)
      size -= 1
      forgotten = Math.max(forgotten, oldest)
    }
    const entry: Entry = {
      memory: createEpoch(),
      usedAt: now(),
      get size() {
        return outcomes.size + 1
      },
      forget: () => outcomes.clear(),
      once(number, attempt, settle) {
        use(name, entry)
        const present = outcomes.get(number)
        if (present && 'refusal' in present) return settle(present.refusal)
        if (present) return void present.waiting.push(settle)
        if (number <= forgotten) return settle(FORGOTTEN)
        const waiting = [settle]
        add(number, { waiting })
        attempt((refusal) => {
          // Another attempt may succeed where this one was refused for now.
          if (refusal?.headers?.['Retry-After'] === undefined) {
            if (outcomes.has(number)) outcomes.set(number, { refusal })
          } else if (outcomes.delete(number)) size -= 1
          for (const each of waiting) each(refusal)
        })
      },
    }
    return entry
  }

  const use = (name: string, entry: Entry) => {
    entry.usedAt = now()
    // A publisher that was forgotten meanwhile stays so.
    if (entries.get(name) !== entry) return
    entries.delete(name)
    entries.set(name, entry)
    for (const [oldest, first] of entries) {
      if (size <= MAX_ALL || first === entry) return
      forget(oldest, first)
    }
  }

  return {
    register(name) {
      const present = entries.get(name)
      const publisher = present ?? create(name)
      if (!present) {
        entries.set(name, publisher)
        size += 1
      }
      use(name, publisher)
      return publisher
    },
    prune() {
      for (const [name, entry] of entries) {
        if (entry.usedAt > now() - KEPT) return
        forget(name, entry)
      }
    },
  }
}

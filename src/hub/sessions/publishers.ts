import { createEpoch } from '../channels/message-id.ts'
import { largest } from '../connections/largest-holder.ts'
import { createOutcomes, type Outcomes } from './outcomes.ts'

/** One client, and the outcomes of its messages. */
export interface Publisher extends Pick<Outcomes, 'once'> {
  /** Names what the hub remembers of the publisher. It is another one after the hub has forgotten everything. */
  readonly memory: string
}

/** Remembers which messages of clients were published, so that a message that is sent again is published once. */
export interface Publishers {
  /** Returns the publisher of a name, or creates it for an address. */
  register(name: string, address: string): Publisher
  /** Forgets publishers that were not used lately. */
  prune(): void
}

/** How long the outcomes of a publisher are remembered after its last message, in ms. */
const KEPT = 600_000

/** What is remembered of one address, and of all, in units. The publishers that were not used for longest are forgotten. */
const MAX_OF_ADDRESS = 200_000
const MAX_ALL = 1_000_000

/** The cost of a publisher, in units. */
const PUBLISHER = 8

/** What is remembered of the publishers that an address created. */
interface Share {
  size: number
  /** In the order of their last use. */
  readonly holders: Set<Entry>
}

interface Entry extends Publisher {
  readonly name: string
  readonly address: string
  usedAt: number
  readonly size: number
  /** Forgets its outcomes, because only the session that still has it could find them. */
  forget(): void
}

export function createPublishers(now: () => number): Publishers {
  // In the order of their last use, as the publishers of each address.
  const entries = new Map<string, Entry>()
  const shares = new Map<string, Share>()
  let size = 0

  const count = (entry: Entry, added: number) => {
    const share = shares.get(entry.address)
    // A publisher that was forgotten stays so, and counts no more.
    if (!share || entries.get(entry.name) !== entry) return
    size += added
    share.size += added
  }
  const forget = (entry: Entry) => {
    count(entry, -entry.size)
    entries.delete(entry.name)
    entry.forget()
    const share = shares.get(entry.address)
    share?.holders.delete(entry)
    if (share?.holders.size === 0) shares.delete(entry.address)
  }
  const forgetOldest = ({ holders }: Share) => {
    for (const oldest of holders) return forget(oldest)
  }

  const use = (entry: Entry) => {
    const share = shares.get(entry.address)
    entry.usedAt = now()
    if (!share || entries.get(entry.name) !== entry) return
    entries.delete(entry.name)
    entries.set(entry.name, entry)
    share.holders.delete(entry)
    share.holders.add(entry)
    while (share.size > MAX_OF_ADDRESS) forgetOldest(share)
    if (size > MAX_ALL) forgetOldest(largest(shares.values()) ?? share)
  }

  const create = (name: string, address: string): Entry => {
    const outcomes = createOutcomes((added) => count(entry, added))
    const entry: Entry = {
      name,
      address,
      memory: createEpoch(),
      usedAt: now(),
      get size() {
        return outcomes.size + PUBLISHER
      },
      forget: outcomes.forget,
      once(id, attempt, content) {
        use(entry)
        return outcomes.once(id, attempt, content)
      },
    }
    const share = shares.get(address) ?? { size: 0, holders: new Set() }
    shares.set(address, share)
    share.holders.add(entry)
    entries.set(name, entry)
    count(entry, entry.size)
    return entry
  }

  return {
    register(name, address) {
      const publisher = entries.get(name) ?? create(name, address)
      use(publisher)
      return publisher
    },
    prune() {
      for (const entry of entries.values()) {
        if (entry.usedAt > now() - KEPT) return
        forget(entry)
      }
    },
  }
}

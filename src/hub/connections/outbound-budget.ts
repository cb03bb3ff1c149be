import { largestHolder } from './largest-holder.ts'

/** The messages that wait for one connection. */
export interface Backlog {
  /** In bytes. */
  readonly size: number
  /** Closes the connection at once, and releases all its messages. */
  destroy(): void
}

/** How many bytes an encoding needs at most for each byte of a message. JSON needs six for a control character. */
export const MAX_EXPANSION = 8

/** The cost of a queued message beside its bytes, in bytes. */
const ENTRY = 64

/** Queued messages. A message that waits for several connections is in memory once, so its bytes count once. */
class QueuedMessages {
  readonly holders = new Set<Backlog>()
  private readonly counts = new Map<Buffer, number>()
  private bytes = 0

  get size(): number {
    return this.bytes
  }

  hold(message: Buffer): void {
    const count = this.counts.get(message) ?? 0
    this.counts.set(message, count + 1)
    this.bytes += ENTRY + (count === 0 ? message.length : 0)
  }

  release(message: Buffer): void {
    const count = this.counts.get(message) ?? 0
    if (count > 1) this.counts.set(message, count - 1)
    else this.counts.delete(message)
    this.bytes -= ENTRY + (count > 1 ? 0 : message.length)
  }
}

/**
 * Limits the data that waits for all connections together. Above the limit, the address with the most waiting data loses
 * the connection with the most. Its client resumes from its cursor. An address therefore cannot use up the limit of others.
 */
export class OutboundBudget {
  private readonly max: number
  private readonly all = new QueuedMessages()
  private readonly shares = new Map<string, QueuedMessages>()

  constructor(maxOutgoingBytes: number) {
    this.max = maxOutgoingBytes
  }

  /** Counts a message that waits for a connection of an address. It may destroy any backlog, this one too. */
  hold(address: string, backlog: Backlog, message: Buffer): void {
    const share = this.shares.get(address) ?? new QueuedMessages()
    this.shares.set(address, share)
    share.holders.add(backlog)
    share.hold(message)
    this.all.hold(message)
    while (this.all.size > this.max && this.shares.size > 0) largestHolder(this.shares)?.destroy()
  }

  /** Removes a message that no longer waits. */
  release(address: string, message: Buffer): void {
    this.shares.get(address)?.release(message)
    this.all.release(message)
  }

  /** Removes a backlog that has released all its messages. */
  remove(address: string, backlog: Backlog): void {
    const share = this.shares.get(address)
    share?.holders.delete(backlog)
    if (share?.holders.size === 0) this.shares.delete(address)
  }
}

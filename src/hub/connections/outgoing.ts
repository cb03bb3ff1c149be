import { largestOfShares } from './shares.ts'

/** What waits for one connection. */
export interface Backlog {
  /** In bytes. */
  readonly size: number
  /** Cuts the connection, and releases all that it holds. */
  destroy(): void
}

/** A message is written in at most so many bytes for each of its own: JSON makes six of a control character. */
export const LONGEST_SPELLING = 8

/** What a message costs in a queue beside its bytes, in bytes. */
const ENTRY = 64

/** Messages that wait. One that waits for several connections is in memory once, so it counts once. */
class Waiting {
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
 * What waits for all connections together. Where it is too much, the address that most waits for loses its connection
 * that most waits for, which resumes by its cursor when it can; so nobody can leave the others without room.
 */
export class Outgoing {
  private readonly most: number
  private readonly all = new Waiting()
  private readonly shares = new Map<string, Waiting>()

  constructor(maxOutgoingBytes: number) {
    this.most = maxOutgoingBytes
  }

  /** Counts a message that waits for a connection of an address, as limits count it; `backlog` may be cut by it. */
  hold(address: string, backlog: Backlog, message: Buffer): void {
    const share = this.shares.get(address) ?? new Waiting()
    this.shares.set(address, share)
    share.holders.add(backlog)
    for (const waiting of [share, this.all]) waiting.hold(message)
    while (this.all.size > this.most && this.shares.size > 0) largestOfShares(this.shares)?.destroy()
  }

  /** A message waits no more. */
  release(address: string, message: Buffer): void {
    this.shares.get(address)?.release(message)
    this.all.release(message)
  }

  /** Nothing waits for a connection; all that it held was released. */
  remove(address: string, backlog: Backlog): void {
    const share = this.shares.get(address)
    share?.holders.delete(backlog)
    if (share?.holders.size === 0) this.shares.delete(address)
  }
}

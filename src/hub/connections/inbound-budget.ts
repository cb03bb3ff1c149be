import { largestHolder } from './largest-holder.ts'
import type { StallWatch, Watched } from './stall-watch.ts'

/** Why a message is dropped: its client stopped sending it, or the limit is reached. */
export type DropReason = 'stalled' | 'no-room'

/** What one address has sent that is not published yet. */
interface Share {
  size: number
  readonly holders: Set<InboundAccount>
}

/**
 * Limits what all clients together have sent that is not published yet. Above the limit, the address that sent most loses
 * its largest message, so that no address can take the room of the others.
 */
export class InboundBudget {
  private readonly max: number
  private readonly stalls: StallWatch
  private readonly shares = new Map<string, Share>()
  private total = 0

  constructor(maxIncomingBytes: number, stalls: StallWatch) {
    this.max = maxIncomingBytes
    this.stalls = stalls
  }

  /** Opens the account of one connection of an address. `onDrop` ends the message that the client is sending. */
  open(address: string, onDrop: (reason: DropReason) => void): InboundAccount {
    const share = this.shares.get(address) ?? { size: 0, holders: new Set() }
    this.shares.set(address, share)
    const count = (account: InboundAccount, bytes: number) => {
      share.size += bytes
      this.total += bytes
      while (bytes > 0 && this.total > this.max) {
        const victim = largestHolder(this.shares)
        victim?.drop('no-room', victim === account)
        if (!victim || victim === account) return false
      }
      return true
    }
    const onClosed = (account: InboundAccount) => {
      unwatch()
      share.holders.delete(account)
      if (share.holders.size === 0) this.shares.delete(address)
    }
    const account = new InboundAccount(count, onDrop, onClosed)
    share.holders.add(account)
    const unwatch = this.stalls.add(account)
    return account
  }
}

/** Within an incomplete message, this many bytes are progress. A byte now and then is not. */
const PROGRESS_STEP = 16_384

/** Counts what one connection has sent that is not published yet. It is a class because every connection has one. */
export class InboundAccount implements Watched {
  private readonly count: (account: InboundAccount, bytes: number) => boolean
  private readonly onDrop: (reason: DropReason) => void
  private readonly onClosed: (account: InboundAccount) => void
  private releases: readonly (() => void)[] = []
  private total = 0
  /** The part of `total` that is complete messages, which wait for `authorize`. */
  private held = 0
  private received = 0
  private messages = 0
  private state: 'open' | 'closing' | 'closed' = 'open'
  private isDropped = false

  constructor(
    count: (account: InboundAccount, bytes: number) => boolean,
    onDrop: (reason: DropReason) => void,
    onClosed: (account: InboundAccount) => void,
  ) {
    this.count = count
    this.onDrop = onDrop
    this.onClosed = onClosed
  }

  /** In bytes. */
  get size(): number {
    return this.total
  }

  /** The size of the incomplete message, in bytes. */
  get incomplete(): number {
    return this.total - this.held
  }

  get waiting(): boolean {
    return this.incomplete > 0
  }

  get progress(): number {
    return this.messages + Math.floor(this.received / PROGRESS_STEP)
  }

  /** Calls `release` when everything is dropped. The owner of the bytes removes its references there. */
  whenDropped(release: () => void): void {
    this.releases = [...this.releases, release]
  }

  /** Counts bytes of an incomplete message. Returns false if the limit is reached; then the message was dropped. */
  add(bytes: number): boolean {
    if (this.isDropped || this.state === 'closed') return false
    this.total += bytes
    return this.count(this, bytes)
  }

  /** Counts a complete message that waits for `authorize`. Returns false if the limit is reached; then the message was dropped. */
  hold(bytes: number): boolean {
    const added = this.add(bytes)
    if (added) this.held += bytes
    return added
  }

  /** Removes a complete message of this size. */
  release(bytes: number): void {
    const released = Math.min(bytes, this.held)
    this.held -= released
    this.subtract(released)
  }

  /** Counts bytes that arrived, as progress. */
  receive(bytes: number): void {
    this.received += bytes
  }

  /** Removes the incomplete message, because it is complete or dropped. */
  clear(): void {
    this.subtract(this.incomplete)
    this.messages += 1
  }

  /** Drops everything. `silently`: without `onDrop`, because the caller that found no room reports it. */
  drop(reason: DropReason, silently = false): void {
    this.isDropped = true
    this.held = 0
    this.subtract(this.total)
    for (const release of this.releases) release()
    if (!silently) this.onDrop(reason)
  }

  destroy(): void {
    this.drop('stalled')
  }

  /** Closes the account when the messages that wait for `authorize` are released. */
  close(): void {
    if (this.state === 'open') this.state = 'closing'
    this.clear()
  }

  private subtract(bytes: number): void {
    this.total -= bytes
    this.count(this, -bytes)
    if (this.state !== 'closing' || this.total > 0) return
    this.state = 'closed'
    this.onClosed(this)
  }
}

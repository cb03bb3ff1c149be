import { largestOfShares } from './shares.ts'
import type { StallWatch, Watched } from './stall-watch.ts'

/** Why a message is given up: no more of it comes, or there is no room for it. */
export type GivenUp = 'stalled' | 'no-room'

/** What one address has sent that waits. */
interface Share {
  size: number
  readonly holders: Set<Reception>
}

/**
 * What clients have sent and nobody has published yet, of all of them together. Where it is too much, the address that
 * sent most loses its largest message, so that nobody can leave the others without room.
 */
export class Incoming {
  private readonly most: number
  private readonly stalls: StallWatch
  private readonly shares = new Map<string, Share>()
  private total = 0

  constructor(maxIncomingBytes: number, stalls: StallWatch) {
    this.most = maxIncomingBytes
    this.stalls = stalls
  }

  /** Begins to count what one client of an address, as limits count it, sends; `cut` ends what it is sending. */
  receive(address: string, cut: (why: GivenUp) => void): Reception {
    const share = this.shares.get(address) ?? { size: 0, holders: new Set() }
    this.shares.set(address, share)
    const count = (reception: Reception, bytes: number) => {
      share.size += bytes
      this.total += bytes
      while (bytes > 0 && this.total > this.most) {
        const victim = largestOfShares(this.shares)
        victim?.giveUp('no-room', victim === reception)
        if (!victim || victim === reception) return false
      }
      return true
    }
    const leave = (reception: Reception) => {
      forget()
      share.holders.delete(reception)
      if (share.holders.size === 0) this.shares.delete(address)
    }
    const reception = new Reception(count, cut, leave)
    share.holders.add(reception)
    const forget = this.stalls.add(reception)
    return reception
  }
}

/** So many bytes are progress, as long as a message is not whole: one byte now and then is none. */
const STEP = 16_384

/** What one client has sent and nobody has published yet. A class, because every connection has one. */
export class Reception implements Watched {
  private readonly count: (reception: Reception, bytes: number) => boolean
  private readonly cut: (why: GivenUp) => void
  private readonly leave: (reception: Reception) => void
  private drops: readonly (() => void)[] = []
  private total = 0
  /** Of these bytes whole messages are, which wait for a decision. */
  private held = 0
  private received = 0
  private messages = 0
  private state: 'open' | 'closed' | 'left' = 'open'
  private isGivenUp = false

  constructor(
    count: (reception: Reception, bytes: number) => boolean,
    cut: (why: GivenUp) => void,
    leave: (reception: Reception) => void,
  ) {
    this.count = count
    this.cut = cut
    this.leave = leave
  }

  /** In bytes. */
  get size(): number {
    return this.total
  }

  /** Of a message that is not whole, in bytes. */
  get unfinished(): number {
    return this.total - this.held
  }

  get waiting(): boolean {
    return this.unfinished > 0
  }

  get progress(): number {
    return this.messages + Math.floor(this.received / STEP)
  }

  /** Whoever keeps what is counted lets go of it in `drop`, when it is given up. */
  whenGivenUp(drop: () => void): void {
    this.drops = [...this.drops, drop]
  }

  /** Counts bytes of a message that is not whole; false: there is no room for them, and all is given up. */
  add(bytes: number): boolean {
    if (this.isGivenUp || this.state === 'left') return false
    this.total += bytes
    return this.count(this, bytes)
  }

  /** Counts bytes of a whole message that waits for a decision; false: there is no room for them, and all is given up. */
  hold(bytes: number): boolean {
    const added = this.add(bytes)
    if (added) this.held += bytes
    return added
  }

  /** It is decided. */
  release(bytes: number): void {
    const released = Math.min(bytes, this.held)
    this.held -= released
    this.drop(released)
  }

  /** Counts bytes that came, as progress. */
  came(bytes: number): void {
    this.received += bytes
  }

  /** The message is whole. */
  clear(): void {
    this.drop(this.unfinished)
    this.messages += 1
  }

  /** Lets go of all. `quietly`: who sends it is told by who asked for room. */
  giveUp(why: GivenUp, quietly = false): void {
    this.isGivenUp = true
    this.held = 0
    this.drop(this.total)
    for (const drop of this.drops) drop()
    if (!quietly) this.cut(why)
  }

  destroy(): void {
    this.giveUp('stalled')
  }

  /** Nothing more comes of this client. What waits for a decision still does. */
  close(): void {
    if (this.state === 'open') this.state = 'closed'
    this.clear()
  }

  private drop(bytes: number): void {
    this.total -= bytes
    this.count(this, -bytes)
    if (this.state !== 'closed' || this.total > 0) return
    this.state = 'left'
    this.leave(this)
  }
}

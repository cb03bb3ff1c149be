import type { InboundAccount } from './inbound-budget.ts'

/** Why bytes could not be collected. */
export type Overflow = 'too-large' | 'no-room'

/** Joins the pieces of one message after another. */
export interface CollectedBytes {
  readonly length: number
  /** Copies a piece. On overflow it drops everything and returns why. */
  add(piece: Uint8Array): Overflow | undefined
  /** Removes all bytes and returns them. */
  take(): Buffer
  clear(): void
}

const MIN_SIZE = 512

/**
 * Collects bytes in one buffer, which doubles as it grows. An array of pieces would cost some hundred bytes for each, and
 * a client may send every byte as a piece of its own.
 */
export function collectBytes(maxBytes: () => number, account: InboundAccount): CollectedBytes {
  let buffer = Buffer.alloc(0)
  let length = 0
  const drop = () => {
    buffer = Buffer.alloc(0)
    length = 0
  }
  const clear = () => {
    drop()
    account.clear()
  }
  account.whenDropped(drop)
  const grow = (needed: number): boolean => {
    const size = Math.max(MIN_SIZE, needed, Math.min(2 * buffer.length, maxBytes()))
    if (!account.add(size - buffer.length)) return false
    const larger = Buffer.allocUnsafeSlow(size)
    buffer.copy(larger, 0, 0, length)
    buffer = larger
    return true
  }
  return {
    get length() {
      return length
    },
    add(piece) {
      account.receive(piece.length)
      const needed = length + piece.length
      const overflow =
        needed > maxBytes() ? 'too-large' : needed > buffer.length && !grow(needed) ? 'no-room' : undefined
      if (overflow) clear()
      else {
        buffer.set(piece, length)
        length = needed
      }
      return overflow
    },
    take() {
      const whole = buffer.subarray(0, length)
      clear()
      return whole
    },
    clear,
  }
}

import type { Reception } from './incoming.ts'

/** Why bytes were not kept. */
export type Unkept = 'too-large' | 'no-room'

/** Bytes that come in pieces, of which one message is made. */
export interface CollectedBytes {
  readonly length: number
  /** Keeps a copy; or drops all and says why. */
  add(piece: Uint8Array): Unkept | undefined
  /** All bytes; it is empty afterwards. */
  take(): Buffer
  clear(): void
}

const SMALLEST = 512

/**
 * Collects in one buffer that doubles. To keep the pieces would cost some hundred bytes for each, and a client may send
 * every byte as a piece of its own.
 */
export function collectBytes(maxBytes: () => number, reception: Reception): CollectedBytes {
  let buffer = Buffer.alloc(0)
  let length = 0
  const drop = () => {
    buffer = Buffer.alloc(0)
    length = 0
  }
  const clear = () => {
    drop()
    reception.clear()
  }
  reception.whenGivenUp(drop)
  const grow = (needed: number): boolean => {
    const size = Math.max(SMALLEST, needed, Math.min(2 * buffer.length, maxBytes()))
    if (!reception.add(size - buffer.length)) return false
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
      reception.came(piece.length)
      const needed = length + piece.length
      const unkept = needed > maxBytes() ? 'too-large' : needed > buffer.length && !grow(needed) ? 'no-room' : undefined
      if (unkept) clear()
      else {
        buffer.set(piece, length)
        length = needed
      }
      return unkept
    },
    take() {
      const whole = buffer.subarray(0, length)
      clear()
      return whole
    },
    clear,
  }
}

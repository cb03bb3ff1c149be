/** How a message's number follows the one before it. */
export type Succession = 'next' | 'repeat' | 'gap'

/**
 * Watches the numbers that messages carry: each is the last plus one. What the cursor tells to be an earlier message,
 * or the same number again on the same connection, is a repeat. Anything else is a gap, a number that starts over
 * included: nothing tells a server that repeats itself from one that was started anew.
 */
export function sequenceWatch() {
  let last: number | undefined
  let fresh = true
  return {
    /** A new connection, or a gap that was told. */
    interrupted(told: boolean) {
      fresh = true
      if (told) last = undefined
    },
    /**
     * @param earlier Whether the message's cursor says that it is not later than the last one.
     */
    follow(number: number, earlier: boolean): Succession {
      if (!Number.isFinite(number)) throw new TypeError(`sequence gave ${number}, which is no number`)
      const before = last
      if (before !== undefined && number <= before && (earlier || (number === before && !fresh))) return 'repeat'
      last = number
      fresh = false
      return before === undefined || number === before + 1 ? 'next' : 'gap'
    },
  }
}

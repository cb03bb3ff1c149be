/** How a message's number follows the one before it. */
export type Succession = 'next' | 'repeat' | 'gap'

export interface SequenceWatch {
  /** There is a new connection (`told`: and a gap was told, so that any number may come). */
  interrupted(told: boolean): void
  /** `earlier`: the message's cursor says that it is not later than the last one. */
  follow(data: unknown, earlier: boolean): Succession
}

/**
 * Watches the numbers that messages carry: each is the last plus one. What the cursor tells to be an earlier message,
 * or the same number again on the same connection, is a repeat. Anything else is a gap, a number that starts over
 * included: nothing tells a server that repeats itself from one that was started anew.
 */
export function sequenceWatch(numberOf: (data: never) => number): SequenceWatch {
  let last: number | undefined
  let fresh = true
  return {
    interrupted(told) {
      fresh = true
      if (told) last = undefined
    },
    follow(data, earlier) {
      const number = numberOf(data as never)
      if (!Number.isFinite(number)) throw new TypeError(`sequence gave ${number}, which is no number`)
      const before = last
      if (before !== undefined && number <= before && (earlier || (number === before && !fresh))) return 'repeat'
      last = number
      fresh = false
      return before === undefined || number === before + 1 ? 'next' : 'gap'
    },
  }
}

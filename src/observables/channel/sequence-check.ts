import { DEV } from '../internal/dev.ts'

/** How a message's number relates to the previous one. */
export type Succession = 'next' | 'repeat' | 'gap'

export interface SequenceWatch {
  /** Called for a new connection. `gapEmitted`: the next number is not checked, because a gap was emitted. */
  interrupted(gapEmitted: boolean): void
  /** Checks the next message. `earlier`: by its cursor it is not later than the last one. */
  follow(data: unknown, earlier: boolean): Succession
}

/**
 * Checks the sequence numbers of messages: each is the previous one plus one. An earlier message, by its cursor, is a
 * repeat, and so is the same number on the same connection. Anything else is a gap. A number that starts over is one too,
 * because a server that repeats messages looks the same as one that was restarted.
 */
export function sequenceWatch(numberOf: (data: never) => number): SequenceWatch {
  let last: number | undefined
  let fresh = true
  return {
    interrupted(gapEmitted) {
      fresh = true
      if (gapEmitted) last = undefined
    },
    follow(data, earlier) {
      const number = numberOf(data as never)
      if (!Number.isFinite(number))
        throw new TypeError(DEV ? `\`sequence\` returned ${number}. Return a finite number.` : undefined)
      const before = last
      if (before !== undefined && number <= before && (earlier || (number === before && !fresh))) return 'repeat'
      last = number
      fresh = false
      return before === undefined || number === before + 1 ? 'next' : 'gap'
    },
  }
}

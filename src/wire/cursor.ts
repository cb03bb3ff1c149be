/**
 * Cursors of the hub and of Nchan: `<seconds>:<counter>`, and `.<epoch>` after it if a hub issued them. PROTOCOL.md
 * section 1 defines them.
 */

/** The part of a cursor that has an order. */
export interface Moment {
  readonly seconds: number
  readonly counter: number
}

/** A cursor, read. */
export interface CursorParts extends Moment {
  /** The life of the channel that issued the cursor. Undefined: Nchan issued it, or it is `0:0`. */
  readonly epoch: string | undefined
}

/** The moment before every message, `0:0`. */
export const BEFORE_ALL: Moment = { seconds: 0, counter: 0 }

/** Returns a negative number if `a` is before `b`. Only cursors of one epoch have an order that means something. */
export const compareMoments = (a: Moment, b: Moment): number => a.seconds - b.seconds || a.counter - b.counter

/** Whether a cursor is `0:0`, which requests everything that the server keeps. */
export const isBeforeAll = ({ seconds, counter, epoch }: CursorParts): boolean =>
  seconds === 0 && counter === 0 && epoch === undefined

/** Reads a cursor without checking it: a part that is not a number becomes `NaN`. */
export function parseCursor(cursor: string): CursorParts {
  const colon = cursor.indexOf(':')
  const dot = cursor.indexOf('.', colon)
  const end = dot < 0 ? cursor.length : dot
  return {
    seconds: Number(cursor.slice(0, colon)),
    counter: Number(cursor.slice(colon + 1, end)),
    epoch: dot < 0 ? undefined : cursor.slice(dot + 1),
  }
}

/** Writes a cursor. */
export const formatCursor = ({ seconds, counter, epoch }: CursorParts): string =>
  `${seconds}:${counter}${epoch === undefined ? '' : `.${epoch}`}`

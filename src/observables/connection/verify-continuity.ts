import type { Position } from './cursor.ts'
import type { GapReason, Repetition, SourceAlive, SourceMessage, SourceOpen } from '../events.ts'

/**
 * Verifies that no message was missed, for a server that does not report gaps. After a loss the client resumes from just
 * before the last message, which must be repeated, and each message must follow the one before it. A server that declares
 * that it reports gaps (`SourceAlive.reportsGaps`) is not verified.
 */
export interface Continuity {
  /** Returns the cursor to resume from so that the message at `cursor` is repeated. */
  before(cursor: string): string | undefined
  /** Returns a negative number if `a` is before `b`, and undefined if they are of different runs of the server. */
  compare(a: string, b: string): number | undefined
  /** Whether the message at `next` may be the one after the message at `cursor`. False: the server skipped some. */
  follows(cursor: string, next: string): boolean
}

/** Returns the cursor of the message that the next connection has to repeat; undefined: it has to repeat none. */
export const cursorToRepeat = (
  { value, withheld, reportsGaps }: Position,
  continuity: Continuity | undefined,
): string | undefined => (continuity && !withheld && !reportsGaps ? value : undefined)

/** Returns the cursor of the next connection's request; undefined: none. */
export const cursorToAskFrom = (
  { value }: Position,
  expected: string | undefined,
  continuity: Continuity | undefined,
): string | undefined => (expected === undefined ? value : continuity?.before(expected))

/** An event that may have a cursor. */
type PositionedEvent = SourceMessage | SourceAlive

/**
 * Returns how an event with a cursor continues from a position. `earlier` and `last`: it repeats an earlier message, or the
 * last one, which is `expected`. A gap's reason: messages may be missing before it. Undefined: it is new.
 */
export function verifyContinuity(
  { value, atBeginning, unplaced, reportsGaps }: Position,
  expected: string | undefined,
  event: PositionedEvent,
  continuity: Continuity,
): 'earlier' | 'last' | GapReason | undefined {
  const { cursor = '' } = event
  const isMessage = event.type === 'message'
  if (expected === undefined) {
    const isNext = !isMessage || reportsGaps || unplaced || value === undefined || continuity.follows(value, cursor)
    return isNext ? undefined : 'history-expired'
  }
  const order = continuity.compare(cursor, expected)
  if (order !== undefined && order < 0) return 'earlier'
  const isBeginning = !isMessage && event.restarted
  if (order === 0 && !isBeginning) return 'last'
  // A server that was restarted within the second of the last message gives its cursor to the channel's new beginning.
  if (reportsGaps || (isBeginning && (order !== 0 || atBeginning))) return undefined
  return order === undefined ? 'unknown-cursor' : 'history-expired'
}

/**
 * Recognises the events of one connection that repeat earlier ones, and those before which messages may be missing.
 *
 * @param expected The cursor of the message that the server has to repeat; undefined: it has to repeat none.
 */
export function connectionCheck(continuity: Continuity | undefined, expected?: string) {
  let repetition: ((message: SourceMessage) => Repetition) | undefined
  /** Whether the server reported a gap and not where it ends: no message has to follow the one before it. */
  let isAfterGap = false

  return {
    /** Whether the last message before this connection must still be repeated. */
    get expectsRepeat() {
      return expected !== undefined
    },
    /** The connection opened at a position. */
    open({ resumed }: SourceOpen, { value, recent }: Position) {
      repetition = resumed && value !== undefined ? recent?.repetition(value) : undefined
      if (!resumed) expected = undefined
    },
    /** The server reported a gap that ends at a cursor, or did not report where it ends. */
    gap(cursor: string | undefined) {
      expected = undefined
      isAfterGap = cursor === undefined
    },
    /** Returns `repeat`, or the reason of the gap before an event; undefined: the event is new. */
    next(position: Position, event: PositionedEvent): 'repeat' | GapReason | undefined {
      const repeated = event.type === 'message' && repetition?.(event)
      if (repeated === 'repeat') return repeated
      let reason: GapReason | undefined
      if (continuity && event.cursor && !isAfterGap) {
        reason = verifyContinuity(position, expected, event, continuity)
        if (reason === 'earlier') return 'repeat'
        expected = undefined
        if (reason === 'last') return 'repeat'
      }
      if (event.cursor) isAfterGap = false
      return repeated === 'gap' ? 'not-resumed' : reason
    },
  }
}

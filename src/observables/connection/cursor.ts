import type { GapReason, RecentMessages } from '../events.ts'

/**
 * A place in a channel. `namespace` names what one kind of server means by it: a value counts only within its namespace,
 * and only a backend reads or writes it.
 */
export interface Cursor {
  readonly namespace: string
  readonly value: string
}

/**
 * What one channel remembers from connection to connection. It is a value: the supervisor replaces it, and reports each
 * new one to the channel, which passes the last one in when it connects again.
 */
export interface Position {
  readonly namespace: string
  /** The last cursor that the server sent; undefined where it sent none, or took it back: nothing can be resumed. */
  readonly value: string | undefined
  /** Whether `value` is where the channel begins, and no message has come since. */
  readonly atBeginning?: boolean
  /** Whether a message without a cursor came after `value`: a server that resumes from there may repeat it. */
  readonly unplaced?: boolean
  /** Whether any connection ever opened: from then on, every connection that is not proved to continue is a gap. */
  readonly opened: boolean
  /** Whether the server reports by itself that messages are gone; else each resumption is verified. */
  readonly reportsGaps?: boolean
  /** The last messages, where it is only assumed that the server resumes (`SourceOpen.assumed`), to recognise repeats. */
  readonly recent?: RecentMessages | undefined
  /** Whether a server did not resume from a cursor that it was given: to recycle its connections would be a gap each time. */
  readonly untaken?: boolean
  /** Whether the server responded to a request that carried a cursor. */
  readonly passed?: boolean
  /** Whether the server responds only to requests without a cursor, so that no request carries it any more. */
  readonly withheld?: boolean
  /** A gap that readers do not know of yet, whatever the next connection proves. */
  readonly owed?: GapReason | undefined
}

/** Returns the position of a channel that has never been connected. */
export const initialPosition = (): Position => ({ namespace: '', value: undefined, opened: false })

/**
 * Returns the cursor after an event. It is sticky, as in WHATWG HTML section 9.2: an event without a cursor keeps it, and
 * the empty cursor clears it.
 */
export const moved = (value: string | undefined, cursor: string | undefined): string | undefined =>
  cursor === undefined ? value : cursor || undefined

/** Whether a new connection is no gap: it would continue from the position, or it is the first one. */
export const continues = (position: Position): boolean => !position.opened || canResume(position)

/** Whether a new connection would continue from a position, with no message missing and none repeated. */
export const canResume = ({ value, unplaced, withheld, untaken }: Position): boolean =>
  value !== undefined && !unplaced && !withheld && !untaken

import type { GapReason, RecentMessages } from '../events.ts'

/**
 * A place in a channel. `namespace` names what one kind of server means by it: a value counts only within its namespace,
 * and only a backend reads or writes it.
 */
export interface Cursor {
  readonly namespace: string
  readonly value: string
}

/** What one channel remembers from connection to connection. Mutable, because it moves with every message. */
export interface Position {
  namespace: string
  /** The last cursor that the server sent; undefined where it sent none, or took it back: nothing can be resumed. */
  value: string | undefined
  /** Whether `value` is where the channel begins, and no message has come since. */
  atBeginning?: boolean
  /** Whether a message without a cursor came after `value`: a server that resumes from there may repeat it. */
  unplaced?: boolean
  /** Whether anything was ever opened: from then on, what cannot be proved to continue is a gap. */
  opened: boolean
  /** Whether the server says by itself that messages are gone; else a place is proved to be known there. */
  reportsGaps?: boolean
  /** The last messages, where that the server resumes is only assumed (`SourceOpen.assumed`), to recognise repeats. */
  recent?: RecentMessages | undefined
  /** Whether a connection was given a cursor and did not take it: to renew it would be a gap each time. */
  untaken?: boolean
  /** Whether a request that carried a cursor was answered. */
  passed?: boolean
  /** Whether requests are answered only without a cursor, so that none carries it any more. */
  withheld?: boolean
  /** A gap that readers were not told yet, whatever the next connection proves. */
  owed?: GapReason | undefined
}

/** Where a channel begins that knows nothing yet. */
export const initialPosition = (): Position => ({ namespace: '', value: undefined, opened: false })

/**
 * The cursor after an event: sticky, as in WHATWG HTML section 9.2, so that an event without one leaves it. The empty one
 * takes it back.
 */
export const moved = (value: string | undefined, cursor: string | undefined): string | undefined =>
  cursor === undefined ? value : cursor || undefined

/** Whether a new connection would go on from a place, with nothing missing and nothing repeated. */
export const canResume = ({ value, unplaced, withheld, untaken }: Position): boolean =>
  value !== undefined && !unplaced && !withheld && !untaken

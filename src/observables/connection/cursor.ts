import type { GapReason, RecentMessages } from '../events.ts'

/**
 * A position in a channel. `value` is valid only within its `namespace`, which names one kind of server. Only a backend
 * reads or writes it.
 */
export interface Cursor {
  readonly namespace: string
  readonly value: string
}

/**
 * The state of a channel between its connections. It is immutable: the supervisor replaces it, and reports each new one to
 * the channel, which passes the last one in when it connects again.
 */
export interface Position {
  readonly namespace: string
  /** The last cursor of the server; undefined if it sent none, or cleared it, so that nothing can be resumed. */
  readonly value: string | undefined
  /** Whether `value` is the beginning of the channel, and no message has arrived since. */
  readonly atBeginning?: boolean
  /** Whether a message without a cursor followed `value`. A server that resumes from there may repeat it. */
  readonly unplaced?: boolean
  /** Whether any connection was open. After that, each connection that did not resume emits a gap. */
  readonly opened: boolean
  /** Whether the server reports missing messages. Otherwise the client verifies each resumption. */
  readonly reportsGaps?: boolean
  /** The last messages, to recognise repeats, if it is only assumed that the server resumes (`SourceOpen.assumed`). */
  readonly recent?: RecentMessages | undefined
  /** Whether the server ignored a cursor. Its idle connections are not recycled, because each time would emit a gap. */
  readonly untaken?: boolean
  /** Whether the server responded to a request with a cursor. */
  readonly passed?: boolean
  /**
   * Whether the server responds only to requests without a cursor, so that no request has one any more. False: one attempt
   * showed it.
   */
  readonly withheld?: boolean
  /** The reason of a gap that is emitted at the next open, even if that connection resumes. */
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

/** Whether a new connection continues without a gap: it resumes from the position, or it is the first one. */
export const continues = (position: Position): boolean => !position.opened || canResume(position)

/** Whether a new connection would continue from a position, with no message missing and none repeated. */
export const canResume = ({ value, unplaced, withheld, untaken }: Position): boolean =>
  value !== undefined && !unplaced && !withheld && !untaken

import type { GapReason } from '../events.ts'

/**
 * How to verify that no message was missed, for a server that does not report gaps by itself. After a loss the client asks
 * from just before the last message, which has to come again; and each message has to follow the one before it. A server
 * that states that it reports gaps (`SourceAlive.reportsGaps`) is not verified.
 */
export interface Continuity {
  /** Returns the cursor to ask from, so that the message at `cursor` comes again. */
  before(cursor: string): string | undefined
  /** Negative where `a` is before `b`; undefined: they are of different lives of the server, and have no order. */
  compare(a: string, b: string): number | undefined
  /** Whether the message at `next` may be the one after the message at `cursor`. False: the server skipped some. */
  follows(cursor: string, next: string): boolean
}

/** Whether a cursor is of a message before the last one, of the last one, or of neither; then messages may be missing. */
export type Repeat = 'earlier' | 'last' | Extract<GapReason, 'history-expired' | 'unknown-cursor'>

/** Returns what a cursor is that comes where the message at `last` has to come again. */
export function repeatOf(cursor: string, last: string, { compare }: Continuity): Repeat {
  const order = compare(cursor, last)
  if (order === undefined) return 'unknown-cursor'
  return order < 0 ? 'earlier' : order === 0 ? 'last' : 'history-expired'
}

import { moved, type Position } from './cursor.ts'
import type { GapReason, SourceAlive, SourceEvent, SourceOpen } from '../events.ts'

/**
 * Returns why messages may be missing when a connection opens, or when the channel ends before that; undefined: none can be
 * missing. It is the one rule for every technique and server.
 *
 * @param resumed Whether the request had the cursor, so that the server continues from there.
 */
export function gapAt({ opened, value, unplaced, owed }: Position, resumed: boolean): GapReason | undefined {
  const proved = resumed ? !unplaced : !opened && value === undefined
  return owed ?? (proved ? undefined : 'not-resumed')
}

/** Returns why messages may be missing at a channel's end. `isConnected`: the server ended it, on an open connection. */
export const gapAtEnd = (position: Position, isConnected: boolean, expectsRepeat: boolean): GapReason | undefined =>
  isConnected ? (position.owed ?? (expectsRepeat ? 'history-expired' : undefined)) : gapAt(position, false)

/**
 * Returns whether a channel was emptied and begun again at another cursor than `value`. Readers may lack some of the
 * messages that it was emptied of.
 */
export const isEmptied = (value: string | undefined, { restarted = false, cursor }: SourceAlive): boolean =>
  restarted && value !== undefined && value !== cursor

/**
 * Returns the position when a connection opens; `owed` is the gap before it. `isOpen`: the connection was open already,
 * and is confirmed now.
 */
export function opened(
  position: Position,
  { namespace, resumed, assumed }: Pick<SourceOpen, 'namespace' | 'resumed' | 'assumed'>,
  isOpen: boolean,
): Position {
  const { value, untaken = false } = position
  const next = { ...position, namespace, recent: assumed && ((resumed && position.recent) || assumed()) }
  if (isOpen) return next
  return {
    ...next,
    value: resumed ? value : undefined,
    opened: true,
    unplaced: false,
    untaken: untaken || (!resumed && value !== undefined),
    owed: gapAt(position, resumed),
  }
}

/** Returns the position after a server stated whether it reports gaps by itself. */
export const withReports = (position: Position, { reportsGaps }: SourceAlive): Position =>
  reportsGaps && !position.reportsGaps ? { ...position, reportsGaps } : position

/** Returns the position after a message, or after another event, which moves it only by a cursor. */
export function advance(
  position: Position,
  event: Pick<SourceAlive, 'cursor' | 'restarted'> & { readonly type: SourceEvent['type'] },
): Position {
  const { atBeginning = false, unplaced = false } = position
  const { cursor, restarted } = event
  const isMessage = event.type === 'message'
  const value = moved(position.value, cursor)
  const isAtBeginning =
    (restarted && !!cursor) || (atBeginning && !isMessage && (cursor === undefined || cursor === position.value))
  const isUnplaced = cursor === undefined && (unplaced || (isMessage && position.value !== undefined))
  if (value === position.value && isAtBeginning === atBeginning && isUnplaced === unplaced) return position
  return { ...position, value, atBeginning: isAtBeginning, unplaced: isUnplaced }
}

/**
 * Returns the position of a channel whose server does not know the cursor. If it rejected a request because of the cursor
 * (`isRejected`), and never responded to one that has a cursor, no request has one any more.
 */
export const cursorLost = (position: Position, isRejected: boolean): Position => ({
  ...position,
  value: undefined,
  ...(isRejected && { withheld: !position.passed }),
  owed: position.owed ?? (isRejected ? 'not-resumed' : 'history-expired'),
})

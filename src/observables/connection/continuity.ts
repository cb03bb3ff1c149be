import { moved, type Position } from './cursor.ts'
import type { GapReason, SourceOpen } from '../events.ts'

/**
 * Returns why messages may be missing where a connection opens, or where the channel ends before one did; undefined: none
 * can be. It is the one rule for every technique and server.
 *
 * @param resumed Whether the request carried the cursor, so that the server goes on from there.
 */
export function gapAt({ opened, value, unplaced, owed }: Position, resumed: boolean): GapReason | undefined {
  const proved = resumed ? !unplaced : !opened && value === undefined
  return owed ?? (proved ? undefined : 'not-resumed')
}

/** Returns the position where a connection opens; `owed` is the gap before it. */
export function opened(
  position: Position,
  { namespace, resumed }: Pick<SourceOpen, 'namespace' | 'resumed'>,
): Position {
  const { value, untaken = false } = position
  return {
    ...position,
    namespace,
    value: resumed ? value : undefined,
    opened: true,
    unplaced: false,
    untaken: untaken || (!resumed && value !== undefined),
    owed: gapAt(position, resumed),
  }
}

/** Returns the position after a message (`isMessage`), or after a sign of life, which moves it only by a cursor. */
export function advance(position: Position, cursor: string | undefined, isMessage: boolean): Position {
  const { atBeginning = false, unplaced = false } = position
  const value = moved(position.value, cursor)
  const isAtBeginning = atBeginning && !isMessage && (cursor === undefined || cursor === position.value)
  const isUnplaced = cursor === undefined && (unplaced || (isMessage && position.value !== undefined))
  if (value === position.value && isAtBeginning === atBeginning && isUnplaced === unplaced) return position
  return { ...position, value, atBeginning: isAtBeginning, unplaced: isUnplaced }
}

/** Returns the position of a channel whose server does not know, or does not take, the cursor. */
export const cursorLost = (position: Position, reason: GapReason): Position => ({
  ...position,
  value: undefined,
  owed: position.owed ?? reason,
})

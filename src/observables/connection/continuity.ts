import { moved, type Position } from './cursor.ts'
import type { GapReason } from '../events.ts'

/**
 * Why messages may be missing where a connection opens, or where the channel ends before one did; undefined: none can be.
 * The one rule for every technique and server.
 *
 * @param resumed Whether the request carried the cursor, so that the server goes on from there.
 */
export function gapAt({ opened, value, unplaced, owed }: Position, resumed: boolean): GapReason | undefined {
  const proved = resumed ? !unplaced : !opened && value === undefined
  return owed ?? (proved ? undefined : 'not-resumed')
}

/** A connection opened, and readers know what may be missing before it. */
export function opened(place: Position, resumed: boolean): void {
  place.opened = true
  place.unplaced = false
  place.owed = undefined
  if (!resumed) place.value = undefined
}

/** An event moved the place: a message always counts, a sign of life only with a cursor. */
export function advance(place: Position, cursor: string | undefined, message: boolean): void {
  if (message || (cursor !== undefined && cursor !== place.value)) place.atBeginning = false
  if (cursor !== undefined) place.unplaced = false
  else if (message && place.value !== undefined) place.unplaced = true
  place.value = moved(place.value, cursor)
}

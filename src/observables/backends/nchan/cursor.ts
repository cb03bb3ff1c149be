import { compareMoments, formatCursor, isBeforeAll, parseCursor } from '../../../wire/cursor.ts'
import { notOf } from '../recognize-server.ts'

/**
 * The order of cursors; undefined: they are of different epochs, so nothing tells which is the later one. `0:0` is before
 * every other.
 */
export function compare(a: string, b: string): number | undefined {
  const partsA = parseCursor(a)
  const partsB = parseCursor(b)
  if (partsA.epoch !== partsB.epoch && !isBeforeAll(partsA) && !isBeforeAll(partsB)) return undefined
  return compareMoments(partsA, partsB)
}

/**
 * Within a second Nchan's counters rise by one, and each second begins at zero. A hub's have holes, and it says by itself
 * what is missing.
 */
export function follows(cursor: string, next: string): boolean {
  const last = parseCursor(cursor)
  const { seconds, counter, epoch } = parseCursor(next)
  if (last.epoch !== epoch) return false
  return epoch !== undefined || counter === (seconds === last.seconds ? last.counter + 1 : 0)
}

/** Nchan goes on after the greatest id that is not above the one asked from, or from its oldest message. */
export function before(cursor: string): string {
  const { seconds, counter, epoch } = parseCursor(cursor)
  return formatCursor(
    counter > 0 ? { seconds, counter: counter - 1, epoch } : { seconds: seconds - 1, counter: LAST_COUNTER, epoch },
  )
}

// Greater than any that one second gets.
const LAST_COUNTER = 32_000

/** Reads the places that heads tell. Those of one second follow each other, and to read a date takes long. */
export function places(): (head: { get(name: string): string | null | undefined }) => string | undefined {
  let date: string | null | undefined
  let seconds = Number.NaN
  return (head) => {
    const modified = head.get('last-modified')
    if (modified !== date) {
      date = modified
      seconds = Date.parse(modified ?? '') / 1000
    }
    const etag = head.get('etag')
    // Validators are quoted (RFC 9110 section 8.8.3), places are not.
    return etag && !etag.includes('"') && Number.isFinite(seconds) ? `${seconds}:${etag}` : undefined
  }
}

/** Whether an id is a place: `<seconds>:` and a counter, or several where one location reads several channels. */
export const isPlace = (id: string | undefined): boolean => id !== undefined && /^-?\d+:/.test(id)

/** What every message of Nchan's and the hub's has is missing. */
export const placeless = (said: string) => notOf('Nchan or the hub', said)

import { compareMoments, formatCursor, isBeforeAll, parseCursor } from '../../../wire/cursor.ts'
import { DEV } from '../../internal/dev.ts'
import { unexpectedServer } from '../recognize-server.ts'

/**
 * Compares two cursors. Returns undefined if they are of different epochs, which have no order. `0:0` is before every
 * cursor.
 */
export function compare(a: string, b: string): number | undefined {
  const partsA = parseCursor(a)
  const partsB = parseCursor(b)
  if (partsA.epoch !== partsB.epoch && !isBeforeAll(partsA) && !isBeforeAll(partsB)) return undefined
  return compareMoments(partsA, partsB)
}

/**
 * Returns whether a message may be the next after another. Within a second Nchan's counters rise by one, and each second
 * begins at zero. A hub's counters have gaps, and it reports missing messages itself.
 */
export function follows(cursor: string, next: string): boolean {
  const last = parseCursor(cursor)
  const { seconds, counter, epoch } = parseCursor(next)
  if (last.epoch !== epoch) return false
  return epoch !== undefined || counter === (seconds === last.seconds ? last.counter + 1 : 0)
}

/**
 * Returns a cursor just before another. Nchan continues after the greatest id that is not above the requested one, or from
 * its oldest message.
 */
export function before(cursor: string): string {
  const { seconds, counter, epoch } = parseCursor(cursor)
  return formatCursor(
    counter > 0 ? { seconds, counter: counter - 1, epoch } : { seconds: seconds - 1, counter: LAST_COUNTER, epoch },
  )
}

// Greater than any counter within one second.
const LAST_COUNTER = 32_000

/** Returns a reader of the cursors in heads. It keeps the last date, because most messages have the same and parsing is slow. */
export function cursorReader(): (head: { get(name: string): string | null | undefined }) => string | undefined {
  let date: string | null | undefined
  let seconds = Number.NaN
  return (head) => {
    const modified = head.get('last-modified')
    if (modified !== date) {
      date = modified
      seconds = Date.parse(modified ?? '') / 1000
    }
    const etag = head.get('etag')
    // Validators are quoted (RFC 9110 section 8.8.3), counters are not.
    return etag && !etag.includes('"') && Number.isFinite(seconds) ? `${seconds}:${etag}` : undefined
  }
}

/** Returns whether an id is a cursor: `<seconds>:` and a counter, or several where one location reads several channels. */
export const isCursor = (id: string | undefined): boolean => id !== undefined && /^-?\d+:/.test(id)

/** Returns the error for a message without a cursor, which every message of Nchan and the hub has. */
export const missingCursor = (cause: string | false) => unexpectedServer(DEV && 'Nchan or the hub', cause)

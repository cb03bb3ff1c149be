import { notOf } from '../recognize-server.ts'

/** Nchan's place, `<seconds>:<counter>`, and the epoch that a hub adds to it: `.<epoch>`, or nothing. */
function halves(cursor: string): [place: string, epoch: string] {
  const dot = cursor.indexOf('.')
  return dot < 0 ? [cursor, ''] : [cursor.slice(0, dot), cursor.slice(dot)]
}

/**
 * The order of cursors; undefined: they are of different epochs, so nothing tells which is the later one. `0:0` is before
 * every other.
 */
export function compare(a: string, b: string): number | undefined {
  const [placeA, epochA] = halves(a)
  const [placeB, epochB] = halves(b)
  if (epochA !== epochB && a !== BEFORE_ALL && b !== BEFORE_ALL) return undefined
  const [secondsA = 0, counterA = 0] = placeA.split(':').map(Number)
  const [secondsB = 0, counterB = 0] = placeB.split(':').map(Number)
  return secondsA - secondsB || counterA - counterB
}

/**
 * Within a second Nchan's counters rise by one, and each second begins at zero. A hub's have holes, and it says by itself
 * what is missing.
 */
export function follows(cursor: string, next: string): boolean {
  const [place, epoch] = halves(cursor)
  const [after, nextEpoch] = halves(next)
  if (epoch !== nextEpoch) return false
  if (epoch !== '') return true
  const at = place.indexOf(':')
  const counter = Number(after.slice(after.indexOf(':') + 1))
  return counter === (after.startsWith(place.slice(0, at + 1)) ? Number(place.slice(at + 1)) + 1 : 0)
}

/** Nchan goes on after the greatest id that is not above the one asked from, or from its oldest message. */
export function before(cursor: string): string {
  const [place, epoch] = halves(cursor)
  const [seconds = 0, counter = 0] = place.split(':').map(Number)
  return `${counter > 0 ? `${seconds}:${counter - 1}` : `${seconds - 1}:${LAST_COUNTER}`}${epoch}`
}

const BEFORE_ALL = '0:0'

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

/** The order of cursors, `<seconds>:<counter>`. */
export function compare(a: string, b: string): number {
  const [secondsA = 0, counterA = 0] = a.split(':').map(Number)
  const [secondsB = 0, counterB = 0] = b.split(':').map(Number)
  return secondsA - secondsB || counterA - counterB
}

/** Within a second counters rise by one, and each second begins at zero. */
export function follows(cursor: string, next: string): boolean {
  const at = cursor.indexOf(':')
  const counter = Number(next.slice(next.indexOf(':') + 1))
  return counter === (next.startsWith(cursor.slice(0, at + 1)) ? Number(cursor.slice(at + 1)) + 1 : 0)
}

/** Nchan goes on after the greatest id that is not above the one asked from, or from its oldest message. */
export function before(cursor: string): string {
  const [seconds = 0, counter = 0] = cursor.split(':').map(Number)
  return counter > 0 ? `${seconds}:${counter - 1}` : `${seconds - 1}:${LAST_COUNTER}`
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
    return etag && Number.isFinite(seconds) ? `${seconds}:${etag}` : undefined
  }
}

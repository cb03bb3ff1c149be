import { ignoreRejection } from './report.ts'
import { HubError } from './errors.ts'

/**
 * The time in ms since the epoch, by the wall clock as it was at first and by a monotonic clock since: setting the wall
 * clock changes nothing.
 */
export function monotonic(): () => number {
  const began = Date.now() - performance.now()
  return () => began + performance.now()
}

/**
 * Counts how a clock advances: a step back counts as no time at all, so no duration waits for it to catch up.
 *
 * @throws HubError `invalid-option` where it does not begin with a time
 */
export function advancing(source: () => number): () => number {
  let read = timeOf(source)
  if (!(Number.isFinite(read) && read >= 0))
    throw new HubError('invalid-option', `now() is ${read}, and must be a time in ms since the epoch`)
  let time = read
  return () => {
    const next = timeOf(source)
    if (!Number.isFinite(next)) return time
    if (next > read) time += next - read
    read = next
    return time
  }
}

/** What a clock says; one that throws says nothing. */
function timeOf(source: () => number): number {
  try {
    const read: unknown = source()
    ignoreRejection(read)
    return typeof read === 'number' ? read : Number.NaN
  } catch {
    return Number.NaN
  }
}

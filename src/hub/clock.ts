import { ignoreRejection } from './report.ts'
import { HubError } from './errors.ts'

/** Creates a clock that starts at the wall clock, in ms since the epoch. Setting the wall clock does not change it. */
export function monotonic(): () => number {
  const start = Date.now() - performance.now()
  return () => start + performance.now()
}

/**
 * Creates a clock that follows `source` and never goes back. A step back of `source` counts as no time, so no duration
 * waits until it catches up.
 *
 * @throws HubError `invalid-option` if `source` does not start with a time
 */
export function advancing(source: () => number): () => number {
  let last = read(source)
  if (!(Number.isFinite(last) && last >= 0))
    throw new HubError('invalid-option', `Invalid \`now\`: it returned ${last}. Return a time in ms since the epoch.`)
  let time = last
  return () => {
    const next = read(source)
    if (!Number.isFinite(next)) return time
    if (next > last) time += next - last
    last = next
    return time
  }
}

/** Reads a clock. NaN: it threw, or returned another value. */
function read(source: () => number): number {
  try {
    const time: unknown = source()
    ignoreRejection(time)
    return typeof time === 'number' ? time : Number.NaN
  } catch {
    return Number.NaN
  }
}

import type { Payload, SourceEvent } from '../events.ts'

export interface PollRepeatsOptions {
  /** The backend's order of cursors; it returns undefined for cursors of two lives of the server. */
  compare: ((a: string, b: string) => number | undefined) | undefined
}

/** Returns the filter for one response. `before`: the cursor of its request. It returns undefined for a repeat. */
export type PollRepeats = (
  before: string | undefined,
  sampled: boolean,
) => (event: SourceEvent) => SourceEvent | undefined

/**
 * Drops what earlier polls emitted: a cache may respond with what it has, whatever the cursor of the request.
 *
 * - A message up to the request's cursor is a repeat. After a gap, nothing is.
 * - A sampled state (`resume: 'sampled'`) with the same body as the last one only moves the cursor, because several servers
 *   may name the same state differently.
 * - A cursor without a message that lies before the request's, or has no order with it, is dropped: the head was cut.
 */
export function pollRepeats({ compare }: PollRepeatsOptions): PollRepeats {
  let lastState: Payload | undefined

  return (before, sampled) => {
    let afterGap = false

    return (event) => {
      if (event.type === 'gap') afterGap = true
      const previousState = lastState
      if (sampled && event.type === 'message') lastState = event.data
      if (afterGap || before === undefined || !('cursor' in event) || !event.cursor) return event
      const order = compare ? compare(event.cursor, before) : Number(event.cursor !== before)
      if (event.type === 'alive') return (order ?? -1) < 0 && !event.restarted ? { ...event, cursor: undefined } : event
      if (event.type !== 'message' || order === undefined) return event
      if (!sampled) return order > 0 ? event : undefined
      return !event.error && isSame(event.data, previousState) ? { type: 'alive', cursor: event.cursor } : event
    }
  }
}

/** Whether two payloads have the same content. */
function isSame(a: Payload, b: Payload | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === undefined) return a === b
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

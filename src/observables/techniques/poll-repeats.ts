import type { Payload, SourceEvent } from '../events.ts'

export interface PollRepeatsOptions {
  /** The backend's order of cursors; undefined: they are of two lives of the server. */
  compare: ((a: string, b: string) => number | undefined) | undefined
}

/**
 * Takes out of the answers of polls what was emitted before. A cache may answer with what it has, whatever is asked for:
 * messages up to the cursor are repeats, and so is a present state (`sampled`) with the body of the one before, also where
 * another of several servers names it otherwise: then only the cursor moves. A head that was cut tells an earlier place, or, without a gap, one of another life. What follows a gap is news.
 */
export function pollRepeats({ compare }: PollRepeatsOptions) {
  let state: Payload | undefined

  /** Of one answer, by the cursor that was known before it. */
  return (before: string | undefined, sampled: boolean) => {
    let skipped = false

    return (event: SourceEvent): SourceEvent | undefined => {
      if (event.type === 'gap') skipped = true
      const last = state
      if (sampled && event.type === 'message') state = event.data
      if (skipped || before === undefined || !('cursor' in event) || !event.cursor) return event
      const order = compare ? compare(event.cursor, before) : Number(event.cursor !== before)
      if (event.type === 'alive') return (order ?? -1) < 0 && !event.restarted ? { ...event, cursor: undefined } : event
      if (event.type !== 'message' || order === undefined) return event
      if (!sampled) return order > 0 ? event : undefined
      return !event.error && same(event.data, last) ? { type: 'alive', cursor: event.cursor } : event
    }
  }
}

/** Whether two bodies are the same. */
function same(a: Payload, b: Payload | undefined): boolean {
  if (typeof a === 'string' || typeof b === 'string' || b === undefined) return a === b
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

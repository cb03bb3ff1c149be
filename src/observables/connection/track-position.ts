import type { Position } from './cursor.ts'
import type { GapReason, Repetition, SourceAlive, SourceEvent, SourceMessage, SourceOpen } from '../events.ts'
import { advance, gapAt, opened } from './continuity.ts'

/** What readers get of a connection. */
type Emitted = SourceMessage | SourceOpen | { readonly type: 'gap'; readonly reason: GapReason }

/** One connection attempt, as the channel's position sees it. */
export interface PositionTracker {
  /** Moves the place by what an event carried, and emits what readers are to know. */
  next(event: SourceEvent): void
  /** The channel ends here: emits what is owed to readers. Where it `failed`, whatever comes from now on is missing. */
  end(failed: boolean): void
}

/**
 * Follows one connection attempt: moves the place, drops what the server repeats, and emits a `gap` wherever nothing proves
 * that the connection goes on from there.
 */
export function trackPosition(place: Position, emit: (event: Emitted) => void): PositionTracker {
  let begun = false
  let repetition: ((message: SourceMessage) => Repetition) | undefined

  const gap = (reason: GapReason) => emit({ type: 'gap', reason })

  const open = (event: SourceOpen) => {
    const { resumed, namespace, assumed } = event
    const { value } = place
    place.recent = assumed && ((resumed && place.recent) || assumed())
    repetition = resumed && value !== undefined ? place.recent?.repetition(value) : undefined
    emit(event)
    place.namespace = namespace
    if (begun) return
    begun = true
    const reason = gapAt(place, resumed)
    if (!resumed && value !== undefined) place.untaken = true
    opened(place, resumed)
    if (reason) gap(reason)
  }

  const message = (event: SourceMessage) => {
    const { cursor } = event
    const repeated = repetition?.(event)
    if (repeated === 'repeat') return
    if (repeated === 'gap') gap('not-resumed')
    advance(place, cursor, true)
    if (cursor) place.recent?.add(event)
    emit(cursor === '' ? { ...event, cursor: undefined } : event)
  }

  const alive = ({ cursor, restarted, reportsGaps }: SourceAlive) => {
    const { value } = place
    advance(place, cursor, false)
    if (restarted && cursor) place.atBeginning = true
    if (reportsGaps) place.reportsGaps = true
    if (cursor && cursor !== value) place.recent?.add({ cursor })
    // Emptied, and begun again: what it was emptied of may not all have come here.
    if (restarted && value !== undefined && value !== cursor) gap('history-expired')
  }

  return {
    next(event) {
      if (event.type === 'message') return message(event)
      if (event.type === 'open') return open(event)
      if (event.type === 'alive') return alive(event)
      if (event.type === 'retry') return
      advance(place, event.cursor, false)
      gap(event.reason)
    },
    end(failed) {
      const reason = begun && !failed ? place.owed : gapAt(place, false)
      place.owed = undefined
      if (reason) gap(reason)
    },
  }
}

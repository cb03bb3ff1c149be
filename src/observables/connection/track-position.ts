import { Subscription, type Subscriber } from 'rxjs'
import { advance, gapAt, opened } from './continuity.ts'
import type { Position } from './cursor.ts'
import type {
  GapReason,
  LinkEvent,
  Repetition,
  SourceAlive,
  SourceEvent,
  SourceMessage,
  SourceOpen,
} from '../events.ts'
import { repeatOf, type Continuity } from './verify-continuity.ts'

/** Keeps the position of one channel, from connection to connection. */
export interface PositionTracker {
  readonly position: Position
  /** Whether the last message before this connection has yet to come again. */
  readonly expectsRepeat: boolean
  /**
   * Starts to follow a new connection, until `connection` is closed. `last` is the cursor of the message that it has to
   * repeat; undefined: it has to repeat none.
   */
  follow(connection: Subscription, last: string | undefined): void
  /** Moves the position, and emits what readers are to know. `unheard`: an `open` is not to be shown. */
  next(event: SourceEvent, unheard: boolean): void
  /** Replaces the position. */
  update(position: Position): void
  /** Emits the gap that readers must know of before the channel ends. After it `failed`, every later message is missing. */
  end(failed: boolean): void
}

/**
 * Owns a channel's position. It moves the position by each event of a connection, and reports each new one by `moved`
 * before readers get the event. It drops messages that the server repeats, and emits a `gap` wherever nothing proves that
 * the connection continues from the position.
 */
export function trackPosition(
  initial: Position,
  continuity: Continuity | undefined,
  moved: (position: Position) => void,
  subscriber: Subscriber<LinkEvent>,
): PositionTracker {
  let position = initial
  let connection = Subscription.EMPTY
  let isOpen = false
  let last: string | undefined
  let repetition: ((message: SourceMessage) => Repetition) | undefined
  /** Whether the server reported a gap and not where it ends: no message has to follow the one before it. */
  let isAfterGap = false

  const update = (next: Position) => {
    if (next === position) return
    position = next
    moved(next)
  }
  const gap = (reason: GapReason) => subscriber.next({ type: 'gap', reason })
  const emitOwed = () => {
    const { owed } = position
    if (owed === undefined) return
    update({ ...position, owed: undefined })
    gap(owed)
  }

  const open = (event: SourceOpen, unheard: boolean) => {
    const { resumed, namespace, assumed } = event
    subscriber.next(unheard ? { ...event, unheard } : event)
    // Readers may leave at each event; the position stays where they left.
    if (connection.closed) return
    const { value } = position
    const recent = assumed && ((resumed && position.recent) || assumed())
    repetition = resumed && value !== undefined ? recent?.repetition(value) : undefined
    if (!resumed) last = undefined
    update({ ...(isOpen ? position : opened(position, event)), namespace, recent })
    isOpen = true
    if (!unheard) emitOwed()
  }

  /** Whether a cursor is that of an earlier event, where `expected` has to come again. A later one is behind a gap. */
  const isRepeat = (cursor: string, expected: string, by: Continuity, isBeginning: boolean): boolean => {
    const found = repeatOf(cursor, expected, by)
    if (found === 'earlier') return true
    last = undefined
    if (found === 'last') {
      if (!isBeginning) return true
      // A server that was restarted within the second of the last message gives its cursor to the channel's new beginning.
      if (!position.atBeginning && !position.reportsGaps) gap('history-expired')
    } else if (!isBeginning && !position.reportsGaps) gap(found)
    return false
  }
  /** Whether an event repeats one before this connection. If messages may be missing before it, emits a gap. */
  const verify = (cursor: string, isMessage: boolean, isBeginning = false): boolean => {
    if (!continuity) return false
    if (last !== undefined) return isRepeat(cursor, last, continuity, isBeginning)
    const { value, unplaced, reportsGaps } = position
    const isNext = reportsGaps || isAfterGap || unplaced || value === undefined || continuity.follows(value, cursor)
    if (isMessage && !isNext) gap('history-expired')
    return false
  }

  const message = (event: SourceMessage) => {
    const { cursor } = event
    const repeated = repetition?.(event)
    if (repeated === 'repeat' || (cursor && verify(cursor, true))) return
    if (repeated === 'gap') gap('not-resumed')
    if (connection.closed) return
    isAfterGap = false
    update(advance(position, cursor, true))
    if (cursor) position.recent?.add(event)
    subscriber.next(cursor === '' ? { ...event, cursor: undefined } : event)
  }

  const alive = ({ cursor, restarted = false, reportsGaps }: SourceAlive) => {
    if (reportsGaps && !position.reportsGaps) update({ ...position, reportsGaps })
    if (cursor && verify(cursor, false, restarted)) return
    if (connection.closed) return
    const { value } = position
    const next = advance(position, cursor, false)
    update(restarted && cursor ? { ...next, atBeginning: true } : next)
    if (cursor) isAfterGap = false
    if (cursor && cursor !== value) position.recent?.add({ cursor })
    // Emptied, and begun again: readers may lack some of the messages that it was emptied of.
    if (restarted && value !== undefined && value !== cursor) gap('history-expired')
  }

  return {
    get position() {
      return position
    },
    get expectsRepeat() {
      return isOpen && last !== undefined && !position.reportsGaps
    },
    follow(next, expected) {
      connection = next
      isOpen = false
      last = expected
      isAfterGap = false
      repetition = undefined
    },
    update,
    next(event, unheard) {
      if (event.type === 'message') return message(event)
      if (event.type === 'open') return open(event, unheard)
      if (event.type === 'alive') return alive(event)
      if (event.type === 'retry') return
      last = undefined
      isAfterGap = event.cursor === undefined
      update(advance(position, event.cursor, false))
      gap(event.reason)
    },
    end(failed) {
      const { owed, reportsGaps } = position
      const expected = last !== undefined && !reportsGaps ? 'history-expired' : undefined
      const reason = isOpen && !failed ? (owed ?? expected) : gapAt(position, false)
      update({ ...position, owed: undefined })
      if (reason) gap(reason)
      // An ended channel that begins again is another one; its readers know only that messages may be missing.
      if (!failed && !connection.closed) update({ ...position, value: undefined })
    },
  }
}

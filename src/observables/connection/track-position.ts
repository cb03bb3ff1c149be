import { Subscription, type Subscriber } from 'rxjs'
import { advance, gapAtEnd, isEmptied, opened, withReports } from './continuity.ts'
import type { Position } from './cursor.ts'
import type { GapReason, LinkEvent, SourceAlive, SourceEvent, SourceMessage, SourceOpen } from '../events.ts'
import { connectionCheck, type Continuity } from './verify-continuity.ts'

/** Keeps the position of one channel, from connection to connection. */
export interface PositionTracker {
  readonly position: Position
  /** Whether the last message before this connection must still be repeated. */
  expectsRepeat(): boolean
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
  let check = connectionCheck(continuity)

  const update = (next: Position) => {
    if (next === position) return
    position = next
    moved(next)
  }
  const gap = (reason: GapReason) => subscriber.next({ type: 'gap', reason })
  const expectsRepeat = () => isOpen && check.expectsRepeat && !position.reportsGaps

  const open = (event: SourceOpen, unheard: boolean) => {
    subscriber.next(unheard ? { ...event, unheard } : event)
    // Readers may leave at each event; the position stays where they left.
    if (connection.closed) return
    update(opened(position, event, isOpen))
    check.open(event, position)
    isOpen = true
    const { owed } = position
    if (unheard || owed === undefined) return
    update({ ...position, owed: undefined })
    gap(owed)
  }

  /** Moves the position by an event. False: the event is a repeat, or readers left at the gap before it. */
  const accept = (event: SourceMessage | SourceAlive): boolean => {
    const found = check.next(position, event)
    if (found === 'repeat') return false
    if (found) gap(found)
    if (connection.closed) return false
    const { cursor } = event
    const isNew = event.type === 'message' || cursor !== position.value
    update(advance(position, event))
    if (cursor && isNew) position.recent?.add(event)
    return true
  }
  const message = (event: SourceMessage) => {
    if (accept(event)) subscriber.next(withoutEmptyCursor(event))
  }
  const alive = (event: SourceAlive) => {
    const { value } = position
    update(withReports(position, event))
    if (accept(event) && isEmptied(value, event)) gap('history-expired')
  }

  return {
    get position() {
      return position
    },
    expectsRepeat,
    follow(next, expected) {
      connection = next
      isOpen = false
      check = connectionCheck(continuity, expected)
    },
    update,
    next(event, unheard) {
      if (event.type === 'message') return message(event)
      if (event.type === 'open') return open(event, unheard)
      if (event.type === 'alive') return alive(event)
      if (event.type === 'retry') return
      check.gap(event.cursor)
      update(advance(position, event))
      gap(event.reason)
    },
    end(failed) {
      const reason = gapAtEnd(position, isOpen && !failed, expectsRepeat())
      update({ ...position, owed: undefined })
      if (reason) gap(reason)
      // An ended channel that begins again is another one; its readers know only that messages may be missing.
      if (!failed && !connection.closed) update({ ...position, value: undefined })
    },
  }
}

/** Returns a message as readers get it: an empty cursor, by which the server cleared it, is none. */
const withoutEmptyCursor = (message: SourceMessage): SourceMessage =>
  message.cursor === '' ? { ...message, cursor: undefined } : message

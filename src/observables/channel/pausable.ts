import { NEVER, Observable, concat, defer, distinctUntilChanged, of, switchMap } from 'rxjs'
import type { Channel } from './channel.ts'
import type { Position } from '../connection/cursor.ts'
import type { GapReason, PushEvent } from '../events.ts'
import { internalsOf } from './internal-channel.ts'

/** The events that a missing gap is emitted before. */
const GAP_BEFORE: ReadonlySet<PushEvent<never>['type']> = new Set(['message', 'invalid', 'closed', 'failed'])

/**
 * Returns a channel's `events$` for one reader that can pause. Other readers of the channel do not notice it.
 *
 * While `paused$` is true, the channel does not count the reader: if all readers have paused, it disconnects after
 * `disconnectDelay`. The paused reader receives one `idle` with `pausedBy: ['reader']`. It keeps its position. When
 * `paused$` is false again, it receives the status and then the messages that it missed, once and in order:
 *
 * - If all readers had paused, the channel reconnects from the position of the last of them, and the server sends again.
 * - If others continued, the missed messages come from the channel's `replay`. If that has too few, a `gap` (`paused`) is
 *   emitted before the next message.
 *
 * A reader starts with new messages, or at `from`. If the channel already had readers, nothing proves that it starts at
 * `from`, so a `gap` (`not-resumed`) is emitted.
 *
 * The reader does not connect before `paused$` has emitted. It never completes, and errors if `paused$` errors.
 *
 * @param channel A channel of a client.
 * @param paused$ Emits whether the reader is paused, now and at each change.
 * @param from The position to start at. @default new messages
 * @example
 * const paused$ = new BehaviorSubject(false)
 * pausable(push.channel(ticks({ symbol: 'ACME' })), paused$).subscribe((event) => show(event))
 * paused$.next(true)
 */
export function pausable<T, S>(
  channel: Channel<T, S>,
  paused$: Observable<boolean>,
  from?: Position,
): Observable<PushEvent<T>> {
  const { read: readFrom } = internalsOf(channel, 'pausable')
  return defer(() => {
    /** The number of the last message or gap that the reader has received or skipped. Undefined: it has not begun. */
    let seen: number | undefined
    /** Why messages may be missing, if no gap was emitted for it yet. */
    let missing: GapReason | undefined

    const read = new Observable<PushEvent<T>>((reader) => {
      const reading = readFrom({ seen, position: from })
      let at = reading.from
      if (seen === undefined) missing = from && !reading.begins ? 'not-resumed' : undefined
      else if (at > seen) missing = 'paused'
      seen = Math.max(seen ?? 0, at)

      const emitGap = () => {
        if (!missing || reader.closed) return
        const gap: PushEvent<T> = { type: 'gap', reason: missing }
        missing = undefined
        reader.next(gap)
      }
      const next = (event: PushEvent<T>) => {
        const { type } = event
        if (type === 'message' || type === 'gap') {
          at += 1
          if (at <= (seen ?? 0)) return
        }
        if (type === 'gap') missing = undefined
        // Before the next message at the latest. Not before `open`, because a snapshot loaded then may lack messages.
        if (GAP_BEFORE.has(type)) emitGap()
        // The reader may have paused at the gap.
        if (reader.closed) return
        seen = Math.max(seen ?? 0, at)
        reader.next(event)
        if (type === 'open') emitGap()
      }
      reading.join(next, reader)
    })
    const rest = concat(of<PushEvent<T>>({ type: 'idle', pausedBy: ['reader'] }), NEVER)
    return paused$.pipe(
      distinctUntilChanged(),
      switchMap((paused) => (paused ? rest : read)),
    )
  })
}

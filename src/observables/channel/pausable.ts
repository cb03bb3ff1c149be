import { NEVER, Observable, concat, defer, distinctUntilChanged, of, switchMap } from 'rxjs'
import type { Channel } from './channel.ts'
import type { Position } from '../connection/cursor.ts'
import type { GapReason, PushEvent } from '../events.ts'
import { internalsOf } from './internal-channel.ts'

/** What a gap is emitted before. */
const TOO_LATE_AFTER: ReadonlySet<PushEvent<never>['type']> = new Set(['message', 'invalid', 'closed', 'failed'])

/**
 * A channel's `events$` for one reader that can be paused, unseen by the others.
 *
 * While `paused$` says true the reader counts as none: the last one to pause lets the connection go, after the
 * channel's `disconnectDelay`. It hears nothing but one `idle` with `pausedBy: ['reader']`. It keeps its place: when
 * `paused$` says false it is told the status, then what it missed, once and in order:
 *
 * - where all had paused, the channel connects again from where the last of them stopped, and the server resends;
 * - where others went on, what it missed comes from what the channel keeps (`replay`); if that is too little, a
 *   `gap` (`paused`) comes first, at the latest before the next message.
 *
 * It begins at now, or at `from`, a place that was learnt elsewhere: where others read the channel already that cannot be
 * proved, and is a `gap` (`not-resumed`).
 *
 * Nothing is read before `paused$` says something. The stream ends when it is unsubscribed, or errors with `paused$`.
 *
 * @param channel A channel of a client.
 * @param paused$ Whether this reader is paused: now, and at each change.
 * @param from Where it begins. @default now
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
    /** How many of the channel's messages and gaps the reader is behind; undefined: it has not begun. */
    let seen: number | undefined
    /** Why some may be missing that the reader does not know of yet. */
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
        // At the latest before the next message; not before `open`, because a snapshot taken then may lack some.
        if (TOO_LATE_AFTER.has(type)) emitGap()
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

import { NEVER, Observable, Subject, concat, defer, distinctUntilChanged, of, switchMap, takeUntil } from 'rxjs'
import type { Bookmark, Channel } from './channel.ts'
import type { Position } from '../connection/cursor.ts'
import type { GapReason, PushEvent } from '../events.ts'

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
  return defer(() => {
    // How many of the channel's messages and gaps lie behind; undefined: it has not begun.
    let seen: number | undefined
    // Why some may be missing that the reader was not told of yet.
    let missing: GapReason | undefined

    const read = new Observable<PushEvent<T>>((reader) => {
      const bookmark: Bookmark = { at: seen, from }
      let at: number | undefined
      const gap = (reason: GapReason) => {
        missing = undefined
        reader.next({ type: 'gap', reason })
      }
      // So that the channel knows at once of a reader who leaves while it is told what it missed.
      const left$ = new Subject<void>()
      reader.add(() => left$.next())
      const told = channel.readFrom(bookmark).pipe(takeUntil(left$))
      return told.subscribe((event) => {
        const { type } = event
        const { at: first = 0 } = bookmark
        if (seen === undefined) missing = bookmark.from && 'not-resumed'
        else if (first > seen) missing = 'paused'
        seen = Math.max(seen ?? 0, first)
        at ??= first
        const counts = type === 'message' || type === 'gap'
        if (counts && (at += 1) <= seen) return
        if (type === 'gap') missing = undefined
        // At the latest before what comes next; not before `open`, because a snapshot taken then may lack some.
        if (missing && TOO_LATE_AFTER.has(type)) gap(missing)
        // Who was told of the gap may have paused.
        if (reader.closed) return
        if (counts) seen = at
        reader.next(event)
        if (missing && type === 'open' && !reader.closed) gap(missing)
      })
    })
    const rest = concat(of<PushEvent<T>>({ type: 'idle', pausedBy: ['reader'] }), NEVER)
    return paused$.pipe(
      distinctUntilChanged(),
      switchMap((paused) => (paused ? rest : read)),
    )
  })
}

import type { Observable, SchedulerLike } from 'rxjs'
import { canResume, type Cursor } from './cursor.ts'
import type { SourceEvent } from '../events.ts'
import type { PollRate, Watch } from '../techniques/technique.ts'
import { monitorHeartbeat, type HeartbeatOptions } from './heartbeat-monitor.ts'
import { renewalTime } from './token-expiry.ts'
import type { PositionTracker } from './track-position.ts'
import { orWithoutCursor } from './without-cursor.ts'

/** What a connection may need of its supervisor. */
export interface Supervision<P> {
  /** Ends a connection that gives no sign of life. */
  readonly watch: Watch
  /** Calls `prepareRequest` again: for one more connection in the same attempt. */
  readonly prepare: () => Observable<P>
  /** No request may carry a cursor, because the server did not respond to those that did. */
  readonly withoutCursor: boolean
  readonly pollRate: PollRate | undefined
}

export interface ConnectOptions<P> extends HeartbeatOptions {
  /** One connection attempt, from a cursor, with what `prepareRequest` returned. */
  connect: (cursor: Cursor | undefined, prepared: P, supervision: Supervision<P>) => Observable<SourceEvent>
  /** Whether `connect` watches its connections itself, by its `supervision`. @default false: they are watched here */
  managesLiveness?: boolean
  /**
   * When the prepared request expires, in ms since the epoch, by the wall clock. Before that, a connection with a cursor is
   * recycled; one that `managesLiveness` recycles itself.
   */
  expiresAt?: ((prepared: P) => number | undefined) | undefined
  /** The heartbeat agreed on with the server, in ms. */
  promised?: number | undefined
}

interface Attempt<P> extends ConnectOptions<P>, Pick<Supervision<P>, 'prepare' | 'pollRate'> {
  tracker: PositionTracker
  scheduler: SchedulerLike
}

/** Makes one connection from a cursor, or without it if the server does not respond because of it, and watches it. */
export function connectOnce<P>(attempt: Attempt<P>, prepared: P, from: string | undefined): Observable<SourceEvent> {
  const { connect, managesLiveness, expiresAt, tracker, scheduler, prepare, pollRate } = attempt
  const resumable = () => canResume(tracker.position)
  // A server that may ignore the cursor would lose and repeat messages with every rotation, unseen.
  const rotatable = () => resumable() && !tracker.position.recent
  const watch = (own?: HeartbeatOptions, until?: number) =>
    monitorHeartbeat({ ...attempt, ...own, resumable, rotatable, until })

  const connectFrom = (value: string | undefined) => {
    const { namespace, withheld: withoutCursor = false } = tracker.position
    const cursor = value === undefined ? undefined : { namespace, value }
    const connected = connect(cursor, prepared, { watch, prepare, withoutCursor, pollRate })
    return managesLiveness ? connected : connected.pipe(watch({}, renewalTime(expiresAt?.(prepared), scheduler)))
  }
  return orWithoutCursor(from, tracker.position, connectFrom, (known) =>
    tracker.update({ ...tracker.position, ...known }),
  )
}

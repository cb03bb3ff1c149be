import type { Observable, SchedulerLike } from 'rxjs'
import { canResume, type Cursor } from './cursor.ts'
import type { SourceEvent } from '../events.ts'
import type { PollRate, Watch } from '../techniques/technique.ts'
import { monitorHeartbeat, type HeartbeatOptions } from './heartbeat-monitor.ts'
import { renewalTime } from './token-expiry.ts'
import type { PositionTracker } from './track-position.ts'
import { orWithoutCursor } from './without-cursor.ts'

/** The functions and values of the supervisor that a connection may use. */
export interface Supervision<P> {
  /** Ends a connection that is silent for too long. */
  readonly watch: Watch
  /** Calls `prepareRequest` again, for another connection in the same attempt. */
  readonly prepare: () => Observable<P>
  /** Whether no request may have a cursor, because the server did not respond to those with one. */
  readonly withoutCursor: boolean
  readonly pollRate: PollRate | undefined
}

export interface ConnectOptions<P> extends HeartbeatOptions {
  /** Makes one connection attempt, from a cursor, with the result of `prepare`. */
  connect: (cursor: Cursor | undefined, prepared: P, supervision: Supervision<P>) => Observable<SourceEvent>
  /** Whether `connect` monitors its connections itself, with `supervision.watch`. @default false */
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

/** Makes one connection from a cursor, or without it if the server does not respond because of it, and monitors it. */
export function connectOnce<P>(attempt: Attempt<P>, prepared: P, from: string | undefined): Observable<SourceEvent> {
  const { connect, managesLiveness, expiresAt, tracker, scheduler, prepare, pollRate } = attempt
  const resumable = () => canResume(tracker.position)
  // A server that may ignore the cursor would silently lose and repeat messages with every rotation.
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

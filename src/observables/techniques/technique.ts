import type { MonoTypeOperatorFunction, Observable, SchedulerLike } from 'rxjs'
import type { Cursor } from '../connection/cursor.ts'
import type { Backend } from '../backends/backend.ts'
import type { SourceEvent } from '../events.ts'
import type { HeldConnections } from '../http/connection-limit.ts'
import type { HeartbeatOptions } from '../connection/heartbeat-monitor.ts'

/** How much haste requests that repeat should make: a hidden page needs less. */
export interface Pace {
  /** The least time between two polls now, in ms. */
  least(): number
  /** Poll now: somebody looks again. */
  readonly pollNow$: Observable<unknown>
}

/** One connection attempt, as the supervisor asks for it. */
export interface PushRequest {
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** WebSocket subprotocols that `prepareRequest` gave, to offer behind the backend's own: a token, say. */
  readonly subprotocols?: readonly string[] | undefined
  /** Where to go on from; undefined at the first time. */
  readonly cursor: Cursor | undefined
  /** No request may carry a cursor, because those that did were not answered: for a technique that makes several. */
  readonly withoutCursor?: boolean
  /** For techniques that read by fetch. */
  readonly credentials: RequestCredentials
  /** How the server spells things; undefined: the standards, and nothing else. */
  readonly backend: Backend | undefined
  /** Which connections the client holds; absent: this is the only one. */
  readonly held?: HeldConnections
  /** How long one message may be, in bytes. @default 16 MiB */
  readonly maxMessageBytes?: number | undefined
  /** Undefined: all haste. */
  readonly pace?: Pace | undefined
  /** Ends a connection that gives no sign of life: for a technique that `managesLiveness` of several. */
  readonly watch?: Watch
  /** Where to connect, prepared anew: for a technique that connects more than once in one attempt. */
  readonly prepareAgain?: () => Observable<Pick<PushRequest, 'url' | 'headers' | 'subprotocols' | 'expiresAt'>>
  /** When what is in URL and headers is of no use any more, in ms since the epoch. */
  readonly expiresAt?: number | undefined
  /** What techniques remember of this channel from attempt to attempt, each by itself. */
  readonly memory?: Map<object, unknown>
  /** All time is this scheduler's. */
  readonly scheduler: SchedulerLike
}

/** The client's liveness, with other limits where some are named. */
export type Watch = (limits?: HeartbeatOptions) => MonoTypeOperatorFunction<SourceEvent>

/**
 * One way to be pushed to: a function from a request to a cold Observable. One subscription is one connection
 * attempt; unsubscribing ends it and leaves nothing. It says `open`, then messages; it errors with a `PushError` when
 * it is refused or lost, and completes only when the channel has ended. It never tries again.
 *
 * @example
 * // A technique is plain RxJS: supervise it with RxJS's own `retry`, if you like.
 * sse().connect(request).pipe(retry({ delay: backoff() }))
 */
export interface Technique {
  readonly name: string
  /** Whether this host has what the technique needs. */
  isSupported(): boolean
  connect(request: PushRequest): Observable<SourceEvent>
  /** It watches over connections of its own by `request.watch`, and is not watched itself. */
  readonly managesLiveness?: true
  /** What it knows of a URL's origin, in words. `now` in ms since the epoch. */
  explain?(url: string, now: number): string
}

import type { MonoTypeOperatorFunction, Observable, SchedulerLike } from 'rxjs'
import type { Cursor } from './cursor.ts'
import type { Dialect } from './dialects/dialect.ts'
import type { SourceEvent } from './event.ts'
import type { HeldConnections } from './held-connections.ts'
import type { LivenessOptions } from './operators/liveness.ts'

/** How much haste requests that repeat should make: a hidden page needs less. */
export interface Pace {
  /** The least time between two polls now, in ms. */
  least(): number
  /** Poll now: somebody looks again. */
  readonly hurry$: Observable<unknown>
}

/** One connection attempt, as the supervisor asks for it. */
export interface PushRequest {
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Where to go on from; undefined at the first time. */
  readonly cursor: Cursor | undefined
  /** For techniques that read by fetch. */
  readonly credentials: RequestCredentials
  /** How the server spells things; undefined: the standards, and nothing else. */
  readonly dialect: Dialect | undefined
  /** Which connections the client holds; absent: this is the only one. */
  readonly held?: HeldConnections
  /** Undefined: all haste. */
  readonly pace?: Pace | undefined
  /** Ends a connection that gives no sign of life: for a technique that `watches` over several. */
  readonly watch?: Watch
  /** Where to connect, prepared anew: for a technique that connects more than once in one attempt. */
  readonly again?: () => Observable<Pick<PushRequest, 'url' | 'headers' | 'expires'>>
  /** When what is in URL and headers is of no use any more, in ms since the epoch. */
  readonly expires?: number | undefined
  /** What techniques remember of this channel from attempt to attempt, each by itself. */
  readonly memory?: Map<object, unknown>
  /** All time is this scheduler's. */
  readonly scheduler: SchedulerLike
}

/** The client's liveness, with other limits where some are named. */
export type Watch = (limits?: LivenessOptions) => MonoTypeOperatorFunction<SourceEvent>

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
  readonly watches?: true
  /** What it knows of a URL's origin, in words. `now` in ms since the epoch. */
  explain?(url: string, now: number): string
}

import type { MonoTypeOperatorFunction, Observable, SchedulerLike } from 'rxjs'
import type { Backend } from '../backends/backend.ts'
import type { Cursor } from '../connection/cursor.ts'
import type { HeartbeatOptions } from '../connection/heartbeat-monitor.ts'
import type { SourceEvent } from '../events.ts'
import type { ConnectionLimit } from '../http/connection-limit.ts'
import type { CarriedToken } from '../http/with-token.ts'

/** How often a technique may poll: a hidden page polls less often. */
export interface PollRate {
  /** Returns the least time between two polls at present, in ms. */
  minInterval(): number
  /** Emits when the next poll should start at once, because the page is visible again. */
  readonly pollNow$: Observable<unknown>
}

/** The input of one connection attempt. */
export interface PushRequest {
  /** Absolute, `http:` or `https:`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** WebSocket subprotocols of `prepareRequest`, offered after the backend's own: a token, for example. */
  readonly subprotocols?: readonly string[] | undefined
  /** The cursor to resume from; undefined on the first attempt. */
  readonly cursor: Cursor | undefined
  /** Whether no request may have a cursor, because requests with one got no response. @default false */
  readonly withoutCursor?: boolean
  /** The token of the client's `auth`, for techniques that try several: see `withToken`. */
  readonly token?: CarriedToken | undefined
  /** For techniques that read by fetch. */
  readonly credentials: RequestCredentials
  /** How the server reads requests and writes responses; undefined: as `standard()`. */
  readonly backend: Backend | undefined
  /** The client's limit of connections per origin; absent: no limit. */
  readonly connectionLimit?: ConnectionLimit | undefined
  /** The longest message, in bytes. @default 16_777_216 (16 MiB) */
  readonly maxMessageBytes?: number | undefined
  /** How often to poll; undefined: as often as the technique does. */
  readonly pollRate?: PollRate | undefined
  /** Monitors the heartbeat of one connection, for a technique with `managesLiveness`. */
  readonly watch?: Watch
  /** Prepares the request again, for a technique that connects more than once in one attempt. */
  readonly prepareAgain?: () => Observable<Pick<PushRequest, 'url' | 'headers' | 'subprotocols' | 'expiresAt'>>
  /** When the prepared URL and headers expire, in ms since the epoch. */
  readonly expiresAt?: number | undefined
  /** Identifies the channel in all its attempts: a key for what a technique remembers of it in a `WeakMap`. */
  readonly channel?: object
  /** Schedules every timer and gives the time. */
  readonly scheduler: SchedulerLike
}

/** The client's heartbeat monitor as an operator; `limits` replace the client's. */
export type Watch = (limits?: HeartbeatOptions) => MonoTypeOperatorFunction<SourceEvent>

/**
 * One way to receive from a server: a function from a request to a cold Observable.
 *
 * Each subscription makes one connection attempt, and unsubscribing closes it. The Observable emits `open`, then messages.
 * It errors with a `PushError` if the connection is rejected or lost, and completes only if the channel has ended. It
 * never reconnects by itself.
 *
 * @example
 * // A technique is plain RxJS, so RxJS's own `retry` can supervise it.
 * sse().connect(request).pipe(retry({ delay: backoff() }))
 */
export interface Technique {
  readonly name: string
  /** Whether this host has the APIs that the technique needs. */
  isSupported(): boolean
  connect(request: PushRequest): Observable<SourceEvent>
  /**
   * Whether its requests can have headers; otherwise the token of `auth` goes into the query. `each`: it tries other
   * techniques, and adds the token for each. @default false
   */
  readonly sendsHeaders?: boolean | 'each'
  /**
   * The HTTP method of its requests, if it is not GET. Such a request asks a question: two channels of one URL are two
   * requests, the page's lifecycle does not pause it, a channel that has ended stays so until `reconnect()`, and the request is
   * aborted when its last reader leaves. Its events must have no cursors. @default 'GET'
   */
  readonly method?: string | undefined
  /** Whether a request with a `method` is retried only if it was not sent, or if the user was rejected. @default false */
  readonly sendsOnce?: true
  /** How long a connection may take to open, in ms. @default the client's `connectTimeout` */
  readonly connectTimeout?: number | undefined
  /** Whether it monitors its connections by `request.watch`, so that the client does not. */
  readonly managesLiveness?: true
  /** Describes in a sentence what the technique knows about a URL's origin. `now`: in ms since the epoch. */
  explain?(url: string, now: number): string
}

import type { Observable, SchedulerLike } from 'rxjs'
import type { PollRate } from '../techniques/technique.ts'

/** What the supervisor of one connection gets to know of its host. */
export interface LifecycleSignals {
  /** The names of all reasons to pause, at subscription and at each change. Empty: the channel connects. @default none, ever */
  readonly pause$?: Observable<readonly string[]> | undefined
  /**
   * Emits when the network is back, or after sleep: connections may be dead, and another attempt may succeed. It ends a
   * wait, restarts an attempt, and reconnects an open connection that has a cursor. @default never
   */
  readonly wake$?: Observable<unknown> | undefined
  /** The least delay before another attempt now, in ms. @default 0 */
  minDelay?(): number
  /** How often to poll. Its `pollNow$` ends a wait, too. @default as often as the technique does */
  readonly pollRate?: PollRate | undefined
}

/**
 * Returns the signals for one channel. The client calls it whenever the channel connects. For the topics of a shared
 * connection it is called once for each of their `disconnectWhenHidden`.
 */
export type Lifecycle = (channel: {
  readonly url: string
  /** The channel's own option. */
  readonly disconnectWhenHidden?: number | false | undefined
  readonly scheduler: SchedulerLike
}) => LifecycleSignals

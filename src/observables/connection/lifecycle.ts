import type { Observable, SchedulerLike } from 'rxjs'
import type { PollRate } from '../techniques/technique.ts'

/** The signals of the host for one connection: when to pause, and when to reconnect at once. */
export interface LifecycleSignals {
  /** The names of all reasons to pause, at subscription and at each change. Empty: the channel connects. @default never paused */
  readonly pause$?: Observable<readonly string[]> | undefined
  /**
   * Emits when the network returns, or after sleep: connections may be dead, and another attempt may succeed. It ends a
   * wait, restarts an attempt, and reconnects an open connection that has a cursor. @default never
   */
  readonly wake$?: Observable<unknown> | undefined
  /** The least delay before another attempt now, in ms. @default 0 */
  minDelay?(): number
  /** How often to poll. Its `pollNow$` ends a wait, too. @default the interval of the technique */
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

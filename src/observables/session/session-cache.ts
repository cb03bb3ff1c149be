import type { Observable } from 'rxjs'
import { CONNECT_TIMEOUT } from '../connection/heartbeat-monitor.ts'
import type { LinkEvent, SourceEvent } from '../events.ts'
import { equalOptions } from '../internal/equal-options.ts'
import type { PostFrame } from './frame-poster.ts'
import type { Session, SessionOptions } from './session.ts'

/** What the sessions of one client share. */
export interface SessionCacheOptions<Technique extends object> extends Pick<SessionOptions, 'policy' | 'scheduler'> {
  /** Connects to the server by a technique. */
  readonly connect: (technique: Technique) => {
    /** Keeps a connection. `read` gets what each attempt emits, and the token that it sent. */
    link(
      reader: { retryNow$: Observable<unknown> },
      read: (events$: Observable<SourceEvent>, token: string | undefined) => Observable<SourceEvent>,
    ): Observable<LinkEvent>
    /** Posts a frame. Undefined: the backend has no POSTs. */
    readonly post: PostFrame | undefined
  }
  /** How long the server may take to acknowledge a subscription, in ms. @default 5_000 */
  readonly subscribeTimeout: number | undefined
}

/** Returns the session of each technique. Techniques of the same options share one. */
export type SessionCache<Technique> = (technique: Technique) => Session

/** Creates the sessions of one client, each when its technique is first used. */
export function sessionCache<Technique extends object>(
  createSession: (options: SessionOptions) => Session,
  { connect, policy, subscribeTimeout = CONNECT_TIMEOUT, scheduler }: SessionCacheOptions<Technique>,
): SessionCache<Technique> {
  const sessions: { readonly technique: Technique; readonly session: Session }[] = []
  return (technique) => {
    const present = sessions.find((each) => equalOptions(each.technique, technique))
    if (present) return present.session
    const { link, post } = connect(technique)
    const session = createSession({
      link: (converse, retryNow$) => link({ retryNow$ }, converse),
      post,
      policy,
      subscribeTimeout,
      scheduler,
    })
    sessions.push({ technique, session })
    return session
  }
}

import { CONNECT_TIMEOUT } from '../connection/heartbeat-monitor.ts'
import { equalOptions } from '../internal/equal-options.ts'
import type { Session, SessionOptions } from './session.ts'

/** The options that the sessions of one client share. */
export interface SessionCacheOptions<Technique extends object> extends Pick<SessionOptions, 'policy' | 'scheduler'> {
  /** Connects to the server by a technique. */
  readonly connect: (technique: Technique) => Pick<SessionOptions, 'link' | 'post'>
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
    const session = createSession({
      ...connect(technique),
      policy,
      subscribeTimeout,
      scheduler,
    })
    sessions.push({ technique, session })
    return session
  }
}

import { CONNECT_TIMEOUT } from '../connection/heartbeat-monitor.ts'
import { equalOptions } from '../internal/equal-options.ts'
import { sharesConnection } from '../session/conversation-backend.ts'
import type { Session } from '../session/session.ts'
import type { Technique } from '../techniques/technique.ts'
import type { ClientScope } from './client-scope.ts'
import { supervisedConnection } from './supervised-connection.ts'

/** Returns the session of each technique, for a client whose channels are topics. Techniques of the same options share one. */
export function sessionCache(scope: ClientScope): (technique: Technique) => Session | undefined {
  const { backend, limits, retry: policy, scheduler } = scope.config
  const sessions: { readonly technique: Technique; readonly session: Session }[] = []
  return (technique) => {
    if (!sharesConnection(backend)) return undefined
    const present = sessions.find((each) => equalOptions(each.technique, technique))
    if (present) return present.session
    const { link } = supervisedConnection(scope, { source: '', technique, policy })
    const session = backend.createSession({
      link: (converse, retryNow$) => link({ retryNow$ }, (connection, token) => converse(connection, { token })),
      policy,
      subscribeTimeout: limits.connectTimeout ?? CONNECT_TIMEOUT,
      scheduler,
    })
    sessions.push({ technique, session })
    return session
  }
}

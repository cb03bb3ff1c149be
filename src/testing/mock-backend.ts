import { standard, type Backend } from '../observables/index.ts'
import { sharesConnection, type ConversationBackend } from '../observables/session/conversation-backend.ts'
import type { StartConversation } from '../observables/session/conversation.ts'
import { sessionCache } from '../observables/session/session-cache.ts'
import { createSession } from '../observables/session/session.ts'

/** Returns the backend of a testing client. Its topics converse with the mock server, so that no test writes frames. */
export function mockBackend(backend: Backend | undefined, start: StartConversation): Backend {
  // A channel then has a `url` or a `topic`. A technique of its own connects as with a client without a backend.
  if (!backend) return withTopics({ ...standard(), tokenInHello: false, path: '', takesUrls: true }, start)
  // Only `gap()` makes messages missing.
  const { continuity: _, ...unchecked } = backend
  if (!sharesConnection(unchecked)) return unchecked
  // The mock's cursors have no order.
  const { compare: __, ...unordered } = unchecked
  return withTopics(unordered, start)
}

function withTopics(parts: Omit<ConversationBackend, 'createSessions'>, start: StartConversation): ConversationBackend {
  // A technique that only receives may have topics, because frames are posted. The mock server has none.
  const conversation = { start, joinFrames: (frames: readonly string[]) => frames.join('') }
  const post = async () => {}
  return {
    ...parts,
    createSessions: (options) =>
      sessionCache((session) => createSession(parts.name, conversation, { ...session, post }), options),
  }
}

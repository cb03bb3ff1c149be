import { SESSION_SUBPROTOCOL, joinFrames } from '../../../wire/session-frames.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import { post } from '../../http/post.ts'
import type { Backend } from '../backend.ts'
import { compare } from '../nchan/cursor.ts'
import { nchan } from '../nchan/nchan.ts'
import { STANDARD_CLOSES } from '../verdict.ts'
import { hubConversation } from './conversation.ts'

export interface HubBackendOptions {
  /** The option `path` of the hub, relative to the client's `baseUrl`. @default '/push/' */
  path?: string
}

/**
 * Creates the backend for the embedded hub: all channels of a client share one connection, with every technique.
 * PROTOCOL.md section 11 defines the protocol.
 *
 * Each topic resumes after its last message, or emits a `gap`. `send` resolves when the hub has published the message, and
 * rejects with the hub's reason. A message that is not acknowledged when the connection is lost is sent again, and the hub
 * publishes it once.
 *
 * @see nchan for nginx with Nchan, and for one connection per channel
 * @example
 * const push = createPushClient({ technique: webSocket(), backend: hub() })
 * push.channel('prices').messages$.subscribe(({ data }) => draw(data))
 */
export function hub({ path = '/push/' }: HubBackendOptions = {}): Backend {
  const { poll, eventStream, stream, foreverFrame, lines } = nchan()
  return conversationBackend({
    name: 'hub',
    path,
    heartbeat: undefined,
    // Frames are the messages of a stream of the hub.
    poll,
    eventStream,
    stream,
    foreverFrame,
    lines,
    post,
    compare,
    subprotocols: [SESSION_SUBPROTOCOL],
    closes: STANDARD_CLOSES,
    startSession: () => hubConversation,
    joinFrames,
  })
}

import type { Backend, WebSocketBackend } from '../backends/backend.ts'
import { sessionCache, type SessionCache, type SessionCacheOptions } from './session-cache.ts'
import type { ConversationStart } from './converse.ts'
import type { StartSession } from './conversation.ts'
import { createSession } from './session.ts'

/** A backend whose server sends many topics over one connection. */
export interface ConversationBackend extends Backend {
  /** Whether the hello carries the token of `auth`, so that no header does. */
  readonly tokenInHello: boolean
  /** The URL of the connection, relative to the client's `baseUrl`. */
  readonly path: string
  /** Whether a channel may also have a `url`, and then a connection of its own. @default false */
  readonly takesUrls?: boolean
  /** Creates the connections that the topics of a client share, one for each technique. */
  createSessions<Technique extends object>(options: SessionCacheOptions<Technique>): SessionCache<Technique>
}

/** The differences between servers that send many topics over one connection. */
export interface ConversationParts
  extends
    Omit<Backend, 'webSocket'>,
    Pick<WebSocketBackend, 'subprotocols' | 'closes'>,
    Pick<ConversationStart, 'joinFrames'> {
  readonly startSession: StartSession
  /** Whether the hello carries the token of `auth`, so that no header does. @default false */
  readonly tokenInHello?: boolean
  /** The URL of the connection, relative to the client's `baseUrl`. @default '' (`baseUrl` itself) */
  readonly path?: string
}

/** Creates the backend of a conversation: a WebSocket passes frames unchanged, and the conversation reads and writes them. */
export function conversationBackend({
  startSession,
  joinFrames,
  subprotocols,
  closes,
  tokenInHello = false,
  path = '',
  ...backend
}: ConversationParts): ConversationBackend {
  const { name } = backend
  return {
    ...backend,
    tokenInHello,
    path,
    webSocket: {
      buildRequest: ({ url, headers }) => ({ url, headers, namespace: name, resume: 'no' }),
      subprotocols,
      closes,
      frame: (data) => ({ type: 'message', data, event: 'message' }),
    },
    createSessions: (options) =>
      sessionCache((session) => createSession(name, { start: startSession(), joinFrames }, session), options),
  }
}

/** Whether a backend's channels are topics of one connection. */
export const sharesConnection = (backend: Backend | undefined): backend is ConversationBackend =>
  backend !== undefined && 'createSessions' in backend

/** Whether each channel of a backend is a topic. */
export const hasOnlyTopics = (backend: Backend | undefined): boolean => sharesConnection(backend) && !backend.takesUrls

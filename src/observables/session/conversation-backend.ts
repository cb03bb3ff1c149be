import type { Backend, WebSocketBackend } from '../backends/backend.ts'
import type { StartConversation } from './conversation.ts'
import { createSession, type Session, type SessionOptions } from './session.ts'

/** A backend whose server carries many topics on one connection. */
export interface ConversationBackend extends Backend {
  /** Makes the connection that the topics of a client share. */
  createSession(options: SessionOptions): Session
}

/** What differs between servers that carry many topics on one connection. */
export interface ConversationParts
  extends Omit<Backend, 'webSocket'>, Pick<WebSocketBackend, 'subprotocols' | 'closes'> {
  readonly start: StartConversation
}

/** Makes a backend of a conversation: frames pass a WebSocket as they are, and the conversation reads and writes them. */
export function conversationBackend({
  start,
  subprotocols,
  closes,
  ...backend
}: ConversationParts): ConversationBackend {
  const { name } = backend
  return {
    ...backend,
    webSocket: {
      buildRequest: ({ url, headers }) => ({ url, headers, namespace: name, resume: 'no' }),
      subprotocols,
      closes,
      frame: (data) => ({ type: 'message', data, event: 'message' }),
    },
    createSession: (options) => createSession(name, start, options),
  }
}

/** Whether a backend's channels are topics of one connection. */
export const sharesConnection = (backend: Backend | undefined): backend is ConversationBackend =>
  backend !== undefined && 'createSession' in backend

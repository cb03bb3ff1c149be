import type { SessionCredentials } from '../../session/conversation.ts'

/** An event and its arguments, as `socket.emit()` has them. */
export type SocketIoEvent = readonly [event: string, ...args: unknown[]]

/** One message of an event. */
export interface SocketIoMessage {
  topic: string
  data: unknown
}

/** Why the server rejected a topic or a message. */
export interface SocketIoRejection {
  /** The reason. It becomes part of the error's message, in development only. */
  message: string
  /** Whether the client retries: the error is `unavailable`. @default false */
  retry?: boolean
  /** Whether the server rejects the user, and not the request: the error is `unauthorized`. @default false */
  unauthorized?: boolean
}

export interface SocketIoOptions {
  /** The namespace. @default '/' */
  namespace?: string
  /** The option `path` of the server, relative to the client's `baseUrl`. @default '/socket.io/' */
  path?: string
  /** Returns `socket.handshake.auth`. @default ({ token }) => ({ token }) */
  auth?: (credentials: SessionCredentials) => Readonly<Record<string, unknown>> | undefined
  /**
   * Returns the topic and the data of an event, or `false` to ignore the event.
   * @default (event, [data]) => ({ topic: event, data }): its first argument
   */
  message?: (event: string, args: readonly ReturnType<typeof JSON.parse>[]) => SocketIoMessage | false
  /**
   * Returns the event that asks the server to send a topic, such as one that joins a room. The server must call the
   * acknowledgement callback. @default no event: the server sends each topic by itself
   */
  subscribe?: (topic: string) => SocketIoEvent
  /** Returns the event that asks the server to stop. @default no event: the client ignores further events of the topic */
  unsubscribe?: (topic: string) => SocketIoEvent
  /** Returns the event that sends a message. @default (topic, data) => [topic, data] */
  send?: (topic: string, data: ReturnType<typeof JSON.parse>) => SocketIoEvent
  /**
   * Whether the server calls the acknowledgement callback of sent events. Then `send` resolves with the callback's argument;
   * otherwise it resolves when the event was written. @default false
   */
  acknowledges?: boolean
  /**
   * Whether the argument of an acknowledgement callback rejects the topic or the message.
   * @default (reply) => reply?.error && { message: reply.error }
   */
  rejected?: (reply: ReturnType<typeof JSON.parse>) => SocketIoRejection | false
}

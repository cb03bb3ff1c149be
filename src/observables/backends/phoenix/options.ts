/** The state of a topic when it is joined. */
export interface PhoenixJoin {
  /** The token of `auth`, if the client has one. */
  readonly token: string | undefined
  /** The cursor of the last message, if `cursor` returned one. */
  readonly cursor: string | undefined
}

export interface PhoenixOptions {
  /** The path of the socket with `/websocket`, relative to the client's `baseUrl`. @default '/socket/websocket' */
  path?: string
  /**
   * Returns the payload of the join of a topic. A topic resumes if the payload has the cursor, and the server confirms by its
   * reply (`resumed`) that it sends the messages after it. @default () => ({})
   */
  params?: (topic: string, join: PhoenixJoin) => unknown
  /** Returns the position of a message in its topic. @default no position: each reconnect emits a `gap` */
  cursor?: (event: string, payload: ReturnType<typeof JSON.parse>) => string | number | null | undefined
  /**
   * Whether the server sends the messages after the cursor, by its reply to the join. If not, a `gap` is emitted.
   * @default (response) => response.resumed === true
   */
  resumed?: (response: ReturnType<typeof JSON.parse>) => boolean
  /** The event that `send` pushes. @default 'message' */
  event?: string
  /**
   * Whether the server replies to each pushed message. Then `send` resolves with the reply, and rejects with `send-aborted`
   * if none comes within `sendTimeout`. Otherwise it resolves when the message was written. @default false
   */
  acknowledges?: boolean
}

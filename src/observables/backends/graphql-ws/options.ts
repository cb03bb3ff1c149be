import type { SessionCredentials } from '../../session/conversation.ts'

/** A GraphQL operation, as the server receives it. */
export interface GraphqlOperation {
  query: string
  variables?: Readonly<Record<string, unknown>>
  operationName?: string
}

export interface GraphqlWsOptions {
  /** The path of the endpoint, relative to the client's `baseUrl`. @default '/graphql' */
  path?: string
  /**
   * Returns the payload of `connection_init`, which the server authenticates.
   * @default ({ token }) => ({ Authorization: `Bearer ${token}` }), if `auth` has a token
   */
  connectionParams?: (credentials: SessionCredentials) => Readonly<Record<string, unknown>> | undefined
  /**
   * Returns the subscription of a topic. A topic resumes if the cursor is part of its subscription. The server must then send
   * the results after it, or reject a cursor that it no longer has with an error whose `extensions.code` is `CURSOR_GONE`: a
   * `gap` is emitted, and the topic is subscribed without the cursor. The cursor is text. @default the topic is the subscription: its query, or the JSON of `{ query, variables }`
   */
  operation?: (topic: string, state: { readonly cursor: string | undefined }) => GraphqlOperation
  /** Returns the position of a result in its topic. @default no position: each reconnect emits a `gap` */
  cursor?: (data: ReturnType<typeof JSON.parse>) => string | number | null | undefined
}

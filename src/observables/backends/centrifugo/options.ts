import type { SessionCredentials } from '../../session/conversation.ts'

/** The request for the token of one channel. */
export interface CentrifugoSubscription {
  /** The channel's name. */
  readonly topic: string
  /** The token of `auth`, if the client has one. */
  readonly token: string | undefined
}

export interface CentrifugoOptions {
  /** The path of the endpoint, relative to the client's `baseUrl`. @default '/connection/websocket' */
  path?: string
  /** Returns the `data` of the connect command. @default () => undefined: none */
  data?: (credentials: SessionCredentials) => unknown
  /**
   * Returns the subscription token of a channel, or a promise of it; undefined if the channel needs none. If the promise
   * rejects, only that channel fails. @default () => undefined
   */
  subscriptionToken?: (subscription: CentrifugoSubscription) => string | undefined | Promise<string | undefined>
}

import type { PushError } from '../errors.ts'
import type { LinkEvent, Payload, SourceEvent } from '../events.ts'
import type { TopicSubscription } from './conversation.ts'
import type { Renew } from './token-renewal.ts'

/** What a connection reports of one subscription. */
export interface TopicReports {
  receive(event: SourceEvent): void
  subscribed(state: { readonly resumed: boolean; readonly cursor?: string | undefined }): void
  rejected(error: PushError): void
  /** The topic ended, or the session did. */
  end(event: Extract<LinkEvent, { type: 'closed' | 'failed' }>): void
}

/** A connection whose hello is done. */
export interface ReadyConnection {
  /** Returns an id that no subscription of this session had. */
  register(link: TopicReports): number
  release(id: number): void
  /** Writes the frame. Returns why it cannot be written; undefined also where the connection is closing. */
  subscribe(subscription: TopicSubscription): PushError | undefined
  unsubscribe(id: number): void
  /** Gives the server another token. Undefined: the conversation cannot. */
  readonly refresh: ((token: string) => void) | undefined
  /** Whether a message that the server did not acknowledge may be sent again. Otherwise few should wait for it. */
  readonly resends: boolean
  /**
   * Writes a message. If the server acknowledges messages, returns a promise of its reply; `signal` ends the wait for it.
   * `message` is the same object on every attempt.
   */
  send(id: number, data: Payload, signal: AbortSignal | undefined, message: object): void | Promise<unknown>
  /** Returns how many messages the server did not acknowledge yet. */
  unacknowledged(): number
}

/** The same, and the technique that made it. */
export interface Ready extends ReadyConnection {
  readonly technique: string
  /**
   * Returns a function that renews the current token and, if the topic `isSubscribed`, any later one. Returns undefined if
   * the conversation cannot send the server another token.
   */
  readonly renewal: (isSubscribed?: boolean) => Renew | undefined
}

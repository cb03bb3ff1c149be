import type { PushError } from '../errors.ts'
import type { GapReason, Payload, SourceMessage } from '../events.ts'
import type { Ping } from '../backends/backend.ts'

/** One subscription to a topic. A topic that is subscribed again has another id, so that late frames are recognised. */
export interface TopicSubscription {
  readonly id: number
  readonly topic: string
  /** The cursor of the last message; undefined where there is none to resume from. */
  readonly cursor: string | undefined
  /** Whether the server did not acknowledge the one before it in time, so that the topic is to be subscribed once more. */
  readonly again?: boolean
}

/**
 * How a server talks on one two-way connection: hello, subscribe, acknowledge, ping. There is one instance per
 * connection. It has no socket, timer or promise: it is given what arrives, and calls its port with what that means.
 */
export interface Conversation {
  /** The connection is open. Writes the frames that come first, or none where the server speaks first. */
  open(): void
  /** Reads one frame, which may hold several messages for several topics. */
  receive(frame: Payload): void
  subscribe(subscription: TopicSubscription): void
  /** Ends one subscription, acknowledged or not. */
  unsubscribe(id: number): void
  /** Writes one message. The port is told by `key` when the server accepts or rejects it, where `acknowledges`. */
  send(id: number, data: Payload, key: number): void
  /** Whether the server acknowledges messages. @default false: a message is sent when it was written */
  readonly acknowledges?: boolean
}

/** Where a conversation reports to. Every call is synchronous. */
export interface SessionPort {
  write(frame: Payload): void
  /** The hello is done: topics may be subscribed. `ping`: a heartbeat that this side sends from now on. */
  ready(session?: { readonly ping?: Ping | undefined }): void
  /** The server subscribed a topic. `resumed`: it resumes behind the cursor of the subscription. */
  subscribed(id: number, state: { readonly resumed: boolean; readonly cursor?: string | undefined }): void
  message(id: number, message: Omit<SourceMessage, 'type'>): void
  gap(id: number, reason: GapReason, cursor?: string): void
  /** The server rejected one subscription. The connection and the other topics stay. */
  rejected(id: number, error: PushError): void
  /** The topic has ended for good. */
  ended(id: number): void
  acknowledged(key: number): void
  sendRejected(key: number, error: PushError): void
  /** A frame cannot be read, so every topic may lack a message: each gets it as `invalid`. */
  unreadable(frame: Payload, error: PushError): void
  /** The server refused the connection. */
  refused(error: PushError): void
}

/** What a conversation may need to introduce itself. */
export interface SessionCredentials {
  /** What `auth.token` returned; undefined without `auth`. */
  readonly token: string | undefined
}

/** Begins the conversation of one connection. */
export type StartConversation = (port: SessionPort, credentials: SessionCredentials) => Conversation

import type { Observable } from 'rxjs'
import type { PushError } from '../errors.ts'
import type { GapReason, Payload, SourceMessage } from '../events.ts'
import type { Ping } from '../backends/backend.ts'

/** One subscription to a topic. A topic that is subscribed again has another id, so that late frames are recognised. */
export interface TopicSubscription {
  readonly id: number
  readonly topic: string
  /** The cursor of the last message; undefined if there is none to resume from. */
  readonly cursor: string | undefined
  /** Whether the server did not acknowledge the previous subscription in time, so that the topic is subscribed again. */
  readonly again?: boolean
  /** What `authorizeTopic` of the connection emitted for this topic. */
  readonly authorization?: unknown
}

/**
 * The protocol of a server on one two-way connection: hello, subscribe, acknowledge, ping. There is one instance per
 * connection. It has no socket, timer or promise: it receives frames, and calls its port with their meaning.
 */
export interface Conversation {
  /** Called when the connection is open. Writes the first frames, or none if the server sends first. */
  open(): void
  /** Reads one frame, which may contain several messages for several topics. */
  receive(frame: Payload): void
  subscribe(subscription: TopicSubscription): void
  /** Ends one subscription, acknowledged or not. */
  unsubscribe(id: number): void
  /**
   * Sends another token that replaces the current one. @default the token is replaced by another connection, if every topic
   * can resume
   */
  refresh?: ((token: string) => void) | undefined
  /** Writes one message. With `acknowledges`, it reports by `key` to its port that the server accepted or rejected it. */
  send(id: number, data: Payload, message: OutgoingMessage): void
  /** Whether the server acknowledges messages. @default false: a message is sent when it was written */
  readonly acknowledges?: boolean
  /**
   * Whether the server recognises a message that is sent again by its key. Then a message that was not acknowledged is
   * sent again on the next connection. @default false: the message rejects, because the server may have it
   */
  readonly resends?: boolean
}

/** One message, the same on every connection that it is sent on. */
export interface OutgoingMessage {
  /** Its number among the messages of this client. */
  readonly key: number
  /** Names the memory of the server that recognises the message. The conversation sets it when it first writes the message. */
  memory?: string
}

/** Returns the query parameters of a POST by its number. */
export type PostQuery = (number: number) => Readonly<Record<string, string>>

/** Receives the reports of a conversation. Every call is synchronous. */
export interface SessionPort {
  write(frame: Payload): void
  /** The hello is done: topics may be subscribed. */
  ready(session?: {
    /** A heartbeat that the client sends from now on. */
    readonly ping?: Ping | undefined
    /** The longest silence of the server, in ms. @default the technique's, or the client's */
    readonly heartbeat?: number | undefined
    /**
     * Returns the query parameters that identify the session in the URL of a POST, if the technique only receives. POSTs are
     * numbered from 1. A browser may repeat a POST by itself, with its number.
     */
    readonly postQuery?: PostQuery | undefined
    /**
     * Requests what the server must receive with the subscription of a topic, such as a signature. An error rejects the topic.
     * Returns undefined if the topic needs none. @default no topic needs one
     */
    readonly authorizeTopic?: ((topic: string) => Observable<unknown> | undefined) | undefined
  }): void
  /** The server subscribed a topic. `resumed`: it resumes after the cursor of the subscription. */
  subscribed(id: number, state: { readonly resumed: boolean; readonly cursor?: string | undefined }): void
  message(id: number, message: Omit<SourceMessage, 'type'>): void
  /** The time over which clients spread their reconnects after the server is lost, in ms. */
  spread(time: number): void
  /** The topic is at a later position, without a message. */
  moved(id: number, cursor: string): void
  gap(id: number, reason: GapReason, cursor?: string): void
  /** The server rejected one subscription. The connection and the other topics stay. */
  rejected(id: number, error: PushError): void
  /** The topic has ended permanently. */
  ended(id: number): void
  /** The server accepted a message. `reply`: what it sent with that, for the caller of `send`. */
  acknowledged(key: number, reply?: unknown): void
  sendRejected(key: number, error: PushError): void
  /** The server did not accept another token, so the client uses it on another connection. */
  refreshRejected(): void
  /** A frame cannot be parsed, so every topic may lack a message: each gets it as `invalid`. */
  unreadable(frame: Payload, error: PushError): void
  /** The server rejected the connection. */
  refused(error: PushError): void
}

/** The credentials for the hello. */
export interface SessionCredentials {
  /** The token that `auth.token` returned; undefined without `auth`. */
  readonly token: string | undefined
  /** Names this client on all its connections: 32 random hexadecimal digits. */
  readonly clientId: string
}

/** Begins the conversation of one connection. */
export type StartConversation = (port: SessionPort, credentials: SessionCredentials) => Conversation

/** Returns how the connections of one session begin. It may keep what must outlast a connection, such as a session's name. */
export type StartSession = () => StartConversation

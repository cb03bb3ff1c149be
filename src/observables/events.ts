import type { PushError } from './errors.ts'

/** The content of a message on the wire: text, or bytes if the technique and the server support them. */
export type Payload = string | Uint8Array

/** One message, decoded. */
export interface PushMessage<T> {
  readonly type: 'message'
  readonly data: T
  /** The event's name. @default 'message' */
  readonly event: string
  /** The message's position in the channel, opaque. Absent if the server sends none. */
  readonly cursor?: string | undefined
}

/**
 * Why messages may be missing.
 *
 * - `not-resumed`: the client reconnected, and nothing proves that no message was missed.
 * - `history-expired`: the server no longer has the messages after the cursor.
 * - `unknown-cursor`: the server does not know the cursor.
 * - `sequence`: the messages' numbers are not consecutive.
 * - `overflow`: more messages arrived than the buffer holds.
 * - `paused`: the reader missed more messages during its pause than the channel keeps (`replay`).
 *
 * A server may send other reasons.
 */
export type GapReason =
  | 'not-resumed'
  | 'history-expired'
  | 'unknown-cursor'
  | 'sequence'
  | 'overflow'
  | 'paused'
  | (string & {})

/** Messages may be missing before the next one. Load a new snapshot. */
export interface PushGap {
  readonly type: 'gap'
  readonly reason: GapReason
}

/** Any event of a channel. `type` distinguishes them. */
export type PushEvent<T> =
  /**
   * The channel is not connected. `pausedBy` lists the reasons of a pause: `reader` (by `pausable`), `hidden`, `bfcache`, or
   * your own. It is absent if the channel has no readers.
   */
  | { readonly type: 'idle'; readonly pausedBy?: readonly string[] }
  /** An attempt starts. `attempt` counts the failures before it. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /**
   * The channel is connected. `unconfirmed`: no byte arrived yet, as with a pending long poll. `reason`: why `fallback`
   * chose this technique.
   */
  | {
      readonly type: 'open'
      readonly technique: string
      readonly unconfirmed: boolean
      readonly reason?: string | undefined
    }
  | PushMessage<T>
  /** One message could not be decoded. The channel continues. */
  | { readonly type: 'invalid'; readonly error: PushError; readonly raw: Payload; readonly cursor?: string | undefined }
  | PushGap
  /** The connection failed. The next attempt starts after `delay` ms, at `retryAt` (ms since the epoch). */
  | {
      readonly type: 'reconnecting'
      readonly error: PushError
      readonly attempt: number
      readonly delay: number
      readonly retryAt: number
    }
  /** The server ended the channel, or `close()` was called. */
  | { readonly type: 'closed'; readonly by: 'server' | 'client' }
  /** A retry cannot help. `reconnect()` retries anyway. */
  | { readonly type: 'failed'; readonly error: PushError }

/** What a channel's status comes with: the events that are neither a message nor about messages. */
export type PushState = Exclude<PushEvent<never>, { type: 'message' | 'invalid' | 'gap' }>

/** One message as a technique hands it over. */
export interface SourceMessage {
  readonly type: 'message'
  readonly data: Payload
  readonly event: string
  /** Its place; empty: the server took the last cursor back, so that nothing can be resumed; absent: it carried none. */
  readonly cursor?: string | undefined
  /** It cannot be read, and `data` is what came of it: readers see `invalid`. It has its place like any other. */
  readonly error?: PushError | undefined
}

/** What a message is to those that were emitted before the connection: `gap` where that cannot be told. */
export type Repetition = 'new' | 'repeat' | 'gap'

/** The last messages of a channel whose server may ignore the cursor, and begin again with what was sent already. */
export interface RecentMessages {
  /** A message that has a cursor, or a cursor that came by itself. */
  add(message: Pick<SourceMessage, 'cursor'> & Partial<Pick<SourceMessage, 'event' | 'data'>>): void
  /** Recognises what a connection repeats that was to resume from the cursor `last`. */
  repetition(last: string): (message: SourceMessage) => Repetition
}

/** The connection stands. An `unconfirmed` `open` is followed by a real one when the first byte comes. */
export interface SourceOpen {
  readonly type: 'open'
  /** Which technique connected. */
  readonly technique: string
  /** The namespace of this connection's cursors. */
  readonly namespace: string
  /** Whether the request carried the cursor it was given, so that nothing falls between. */
  readonly resumed: boolean
  /**
   * Nothing but the request says that the server resumes: it may ignore the cursor and begin with what it has. So an idle
   * connection is not renewed unseen, and repeats are recognised by the messages that this makes a keeper of.
   * Absent: the server resumes.
   */
  readonly assumed?: (() => RecentMessages) | undefined
  /** Another connection may give the same message another cursor: two are never matched by them. @default false */
  readonly ownCursors?: boolean | undefined
  /** Nothing was received yet: true of a long poll that stands. Drives what a person sees, nothing else. */
  readonly unconfirmed?: boolean
  /** The server says something at once, so that silence tells of a proxy that holds the answer back. */
  readonly expectsGreeting?: boolean
  /** Why it is this technique, where there was a choice. */
  readonly reason?: string
  /**
   * Hands a message to the connection. Throws `not-connected` where the connection is going, so that the message waits
   * for the next. Absent: this technique cannot send.
   */
  readonly send?: (data: Payload) => void
  /** A heartbeat that this side sends: `every` ms, and something has to arrive `within` ms after it, where it says so. */
  readonly ping?: { readonly send: () => void; readonly every: number; readonly within: number | undefined }
}

/** Bytes came that are no message. */
export interface SourceAlive {
  readonly type: 'alive'
  /** Where the connection goes on from, if the bytes said so; empty: from nowhere. */
  readonly cursor?: string | undefined
  /**
   * The longest silence of a healthy connection from now on, in ms, if the server promises one. `default`: the client's
   * own, because a response is being read that has to go on. `agreed`: what held before that holds again.
   */
  readonly heartbeat?: number | 'default' | 'agreed' | undefined
  /** The channel begins here: whoever was at another place may have missed some. */
  readonly restarted?: boolean
  /** The server says by itself where messages are gone, so that no one need prove that none are. */
  readonly reportsGaps?: boolean
}

/** What a technique emits. It completes when the channel has ended, and errors with a `PushError`. */
export type SourceEvent =
  | SourceOpen
  | SourceMessage
  | { readonly type: 'gap'; readonly reason: GapReason; readonly cursor?: string | undefined }
  | SourceAlive
  /** The server asks for at least this long between attempts, in ms. */
  | { readonly type: 'retry'; readonly delay: number }

/** What the supervisor emits: a channel's events, with messages and `open` as the technique emitted them. */
export type LinkEvent =
  | Extract<PushEvent<never>, { type: 'idle' | 'connecting' | 'gap' | 'reconnecting' | 'closed' | 'failed' }>
  | SourceMessage
  /** `unheard`: the connection is not to be shown as open before something is received, but sends may try it. */
  | (SourceOpen & { readonly unheard?: boolean })

/** Bytes came, nothing more: one shared object, because a stream says it for every chunk. */
export const ALIVE: SourceAlive = { type: 'alive' }

/**
 * What a connection errors with that should be made anew from its cursor: no failure, and readers are not told. Only after
 * a message or a sign of life that carried one.
 */
export const RECYCLE = Symbol('recycle')

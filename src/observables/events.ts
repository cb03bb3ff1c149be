import type { PushError } from './errors.ts'

/** What a message carries on the wire: text, or bytes where the technique and the server tell them apart. */
export type Payload = string | Uint8Array

/** One message, decoded. */
export interface PushMessage<T> {
  readonly type: 'message'
  readonly data: T
  /** The event's name; `message` where the server gave none. */
  readonly event: string
  /** This message's place in the channel, opaque; absent where the server gave none. */
  readonly cursor?: string | undefined
}

/**
 * Why messages may be missing.
 *
 * - `not-resumed`: the connection changed, and the server gave nothing to prove that nothing fell between.
 * - `history-expired`: the server no longer keeps what came after the last message.
 * - `unknown-cursor`: the server does not know the place asked for.
 * - `sequence`: the numbers that the messages carry do not follow each other.
 * - `overflow`: more came than could be kept.
 * - `paused`: the reader was paused while others went on, and the channel keeps (`replay`) less than it missed.
 *
 * A server may name reasons of its own.
 */
export type GapReason =
  | 'not-resumed'
  | 'history-expired'
  | 'unknown-cursor'
  | 'sequence'
  | 'overflow'
  | 'paused'
  | (string & {})

/** Some messages may be missing before the next one: take a fresh snapshot. */
export interface PushGap {
  readonly type: 'gap'
  readonly reason: GapReason
}

/** Everything that happens on a channel, in one stream, told apart by `type`. */
export type PushEvent<T> =
  /**
   * Not connected, because nobody reads (no `pausedBy`), or because of what `pausedBy` names: `reader` (this one, by
   * `pausable`), or what the client's `lifecycle` says, all that hold it back now: `hidden`, `bfcache`, names of your own.
   */
  | { readonly type: 'idle'; readonly pausedBy?: readonly string[] }
  /** An attempt begins; `attempt` counts the failures before it. */
  | { readonly type: 'connecting'; readonly attempt: number }
  /**
   * `unconfirmed`: nothing was received yet, but nothing was refused either. `reason`: what made `fallback` take this
   * technique.
   */
  | {
      readonly type: 'open'
      readonly technique: string
      readonly unconfirmed: boolean
      readonly reason?: string | undefined
    }
  | PushMessage<T>
  /** One message could not be decoded; the channel goes on. */
  | { readonly type: 'invalid'; readonly error: PushError; readonly raw: Payload; readonly cursor?: string | undefined }
  | PushGap
  /** The next attempt begins `delay` ms from now, at `retryAt` (ms since the epoch). */
  | {
      readonly type: 'reconnecting'
      readonly error: PushError
      readonly attempt: number
      readonly delay: number
      readonly retryAt: number
    }
  /** The channel ended at the server, or `close()` was called here. */
  | { readonly type: 'closed'; readonly by: 'server' | 'client' }
  /** Trying again cannot help. `reconnect()` tries all the same. */
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

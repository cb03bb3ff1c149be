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
   * The channel is not connected. `pausedBy` lists the reasons of a pause: `reader` (by `pausable`), `hidden`,
   * `bfcache`, or your own. It is absent if the channel has no readers.
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

/** The events that change a channel's status. */
export type PushState = Exclude<PushEvent<never>, { type: 'message' | 'invalid' | 'gap' }>

/** One message as a technique emits it. */
export interface SourceMessage {
  readonly type: 'message'
  readonly data: Payload
  readonly event: string
  /**
   * The message's cursor. Absent if it has none. Empty if the server cleared the cursor, so that nothing can be
   * resumed.
   */
  readonly cursor?: string | undefined
  /**
   * Set if the message cannot be parsed. Readers get `invalid`, with `data` as the raw content. The cursor counts as
   * usual.
   */
  readonly error?: PushError | undefined
}

/** Whether a message repeats one from before the connection; `gap` if this cannot be determined. */
export type Repetition = 'new' | 'repeat' | 'gap'

/** The last messages of a channel, to recognise repeats of a server that may ignore the cursor. */
export interface RecentMessages {
  /** Adds a message with a cursor, or a cursor without a message. */
  add(message: Pick<SourceMessage, 'cursor'> & Partial<Pick<SourceMessage, 'event' | 'data'>>): void
  /** Returns a function that recognises the repeats of a connection that resumes from the cursor `last`. */
  repetition(last: string): (message: SourceMessage) => Repetition
}

/** The connection is open. After an `unconfirmed` one, another `open` follows when the first byte arrives. */
export interface SourceOpen {
  readonly type: 'open'
  /** The connected technique. */
  readonly technique: string
  /** The namespace of this connection's cursors. */
  readonly namespace: string
  /** Whether the request sent its cursor, so that no message is missing. */
  readonly resumed: boolean
  /**
   * Set if the response does not show whether the server resumed: it may have ignored the cursor. Such a connection is not
   * replaced while it is idle. The function creates the memory of messages that recognises repeats. Absent: the server
   * resumes.
   */
  readonly assumed?: (() => RecentMessages) | undefined
  /**
   * Whether another connection may give the same message another cursor, so that cursors match no messages.
   * @default false
   */
  readonly ownCursors?: boolean | undefined
  /** Whether no byte arrived yet, as with a pending long poll. It affects the status only. */
  readonly unconfirmed?: boolean
  /** Whether the server sends bytes at once. If none arrive, a proxy buffers the response. */
  readonly expectsGreeting?: boolean
  /** Why this technique was chosen, if there was a choice. */
  readonly reason?: string
  /**
   * Hands a message to the connection. Throws `not-connected` if the connection is closing, so that the message waits for
   * the next one. Absent: this technique cannot send. `message` is the same object each time that the message is handed
   * over, so that a server can recognise a message that is sent again. What the promise resolves with is the server's reply.
   */
  readonly send?: (data: Payload, signal?: AbortSignal, message?: object) => void | Promise<unknown>
  /**
   * Whether messages arrive in the order in which they were handed over, so that the next one need not wait until the
   * server has acknowledged the one before it. @default false
   */
  readonly sendsInOrder?: boolean
  /**
   * A heartbeat of the client: it is sent `every` ms. If `within` is set, bytes must arrive within this time after it, in ms.
   */
  readonly ping?: { readonly send: () => void; readonly every: number; readonly within: number | undefined }
}

/** Bytes arrived that are not a message. */
export interface SourceAlive {
  readonly type: 'alive'
  /** The new cursor, if the bytes contained one. Empty if the server cleared the cursor. */
  readonly cursor?: string | undefined
  /**
   * The longest silence of a healthy connection from now on, in ms, if the server promises one. `default`: the client's
   * own, while a response is being read. `agreed`: the value from before `default`.
   */
  readonly heartbeat?: number | 'default' | 'agreed' | undefined
  /** Whether the channel starts here: a reader with another position may have missed messages. */
  readonly restarted?: boolean
  /** Whether the server reports missing messages, so that the client does not verify continuity. */
  readonly reportsGaps?: boolean
}

/** The server's request for the time after a lost connection. */
export interface SourceRetry {
  readonly type: 'retry'
  /** The least delay between attempts, in ms. */
  readonly delay?: number
  /** The time over which its clients should spread their return, in ms. */
  readonly spread?: number
}

/** An event of a technique. Its Observable completes when the channel has ended, and errors with a `PushError`. */
export type SourceEvent =
  | SourceOpen
  | SourceMessage
  | { readonly type: 'gap'; readonly reason: GapReason; readonly cursor?: string | undefined }
  | SourceAlive
  | SourceRetry

/** An event of the supervisor: a channel's event, with messages and `open` as the technique emitted them. */
export type LinkEvent =
  | Extract<PushEvent<never>, { type: 'idle' | 'connecting' | 'gap' | 'reconnecting' | 'closed' | 'failed' }>
  | SourceMessage
  /** `unheard`: the status is not `open` before bytes arrive, but messages may be sent. */
  | (SourceOpen & { readonly unheard?: boolean })

/** Bytes arrived, without other information. One shared object, because a stream emits it for every chunk. */
export const ALIVE: SourceAlive = { type: 'alive' }

/**
 * Sentinel error: reconnect from the current cursor without reporting a failure. Only allowed after an event with a
 * cursor.
 */
export const RECYCLE = Symbol('recycle')

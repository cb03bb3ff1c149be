import type { Observable, SchedulerLike } from 'rxjs'
import type { Cursor } from '../connection/cursor.ts'
import type { PushError } from '../errors.ts'
import type { GapReason, Payload, SourceEvent, SourceOpen } from '../events.ts'
import type { Continuity } from '../connection/verify-continuity.ts'
import type { CloseTable, Verdict } from './verdict.ts'

/** The input of a request, before the backend builds it. */
export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly cursor: Cursor | undefined
  /** The head of the previous response, for polls. */
  readonly previous?: ResponseHead | undefined
  /** The limit of one message, in bytes. A reader keeps no more than that. @default 16 MiB */
  readonly maxMessageBytes?: number | undefined
}

/** The request that the server understands. */
export interface BackendRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The namespace of this connection's cursors. A cursor of another namespace is not sent. */
  readonly namespace: string
  /**
   * - `yes`: the request has the cursor.
   * - `no`: it has none, so a `gap` is emitted if messages were received before.
   * - `sampled`: each response is the present state, and the states between two responses are not messages.
   */
  readonly resume: 'yes' | 'no' | 'sampled'
  /** Set if only the request shows that the server resumes. It recognizes repeated messages (`SourceOpen.assumed`). */
  readonly assumed?: SourceOpen['assumed']
  /** Whether another connection may give the same message another cursor, so that cursors are not compared. @default false */
  readonly ownCursors?: boolean
}

/** The head of an HTTP response. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Headers
}

/** The channel has ended: emit or return it in the place of an event. */
export const END = 'end'

/** Receives the events that a reader reads. */
export type Emit = (event: SourceEvent | typeof END) => void

/** Reads the body of a response as it arrives, so that no complete message is lost if the body is cut. */
export interface ResponseReader {
  feed(chunk: Uint8Array): void
  /** The body is complete. Returns true if more messages wait at the server, so that the client polls at once. */
  end(): boolean
}

/** One event of an event stream. It has an `id` only if the event itself had one. */
export interface ServerSentEvent {
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly data: string
  /** Set if the event is above the limit. Then `data` is only its beginning. */
  readonly error?: PushError | undefined
}

/** The part of `polling()` and `longPolling()`. */
export interface PollBackend {
  /** `waits`: the server may hold the request until a message is published (long polling). */
  buildRequest(target: Target, waits: boolean): BackendRequest
  verdict(head: ResponseHead, target: Target): Verdict
  /** Returns whether a response may have this media type. Absent: `read` checks it. */
  fits?(type: string): boolean
  /** The expected media types, for error messages. */
  readonly expects?: string | false
  /** Returns why messages are missing before the end of the channel. Absent, or undefined: none are. */
  gapAtEnd?(head: ResponseHead): GapReason | undefined
  /** Reads a response, and emits `gap`, `message` and `alive` events. `end` may throw an error that makes it invalid. */
  read(head: ResponseHead, emit: Emit, target: Target): ResponseReader
}

/** The part of `sse()`. */
export interface EventStreamBackend {
  /** `headers`: whether the host can send headers. A browser's EventSource cannot. */
  buildRequest(target: Target, headers: boolean): BackendRequest
  verdict(head: ResponseHead, target: Target): Verdict
  /** Whether ids are cursors, so that an id without data counts too. @default false */
  readonly ids?: boolean
  /** The names of the server's own events. EventSource hides events without a listener for their name. */
  readonly eventNames: readonly string[]
  /** Returns the reader of one connection's events. `head` is undefined on a browser's EventSource, which hides it. */
  read(head: ResponseHead | undefined, emit: Emit, target: Target): (event: ServerSentEvent) => void
  /** Returns whether the server sends bytes as soon as the stream is open. Absent: it does not. */
  expectsGreeting?(head: ResponseHead): boolean
  /** Whether the server ends a stream by an event, so that a response that ends without it was cut. @default false */
  readonly endsByEvent?: boolean
  /** The longest silence of a healthy stream, in ms, if it applies to event streams only. */
  readonly heartbeat?: number | undefined
  /** Returns `again` for a comment that is a heartbeat. Any other verdict closes the connection. */
  comment(text: string): Verdict
}

/** The part of `fetchStream()` and `xhrStream()`, for streams that are not event streams, such as multipart or lines. */
export interface StreamBackend {
  buildRequest(target: Target): BackendRequest
  verdict(head: ResponseHead): Verdict
  /** The value of the header `Accept`. */
  readonly accept: string
  /** Returns whether a response of this media type (see `mediaType`) is a stream. */
  fits(type: string): boolean
  /** Returns whether the server sends bytes as soon as the stream is open. Absent: it does not. */
  expectsGreeting?(head: ResponseHead): boolean
  /** Returns the reader of the text. It emits an invalid message with `unreadable`, and throws only to end the connection. */
  read(head: ResponseHead, emit: Emit, target: Target): (text: string) => void
}

/** The part of `iframeStream()`: a page in an iframe that posts each message to its parent. */
export interface FrameBackend {
  buildRequest(target: Target): BackendRequest
  verdict(head: ResponseHead): Verdict
  /** Reads one posted text. */
  frame(text: string): SourceEvent | typeof END
}

/** A heartbeat that the client sends. */
export interface Ping {
  readonly send: () => Payload
  /** The time between two heartbeats, in ms. */
  readonly every: number
  /** How long the server may take to send anything after it, in ms. Undefined: the server does not respond to it. */
  readonly within: number | undefined
}

/** The part of `webSocket()`. */
export interface WebSocketBackend {
  buildRequest(target: Target): BackendRequest
  /** The subprotocols to offer, the preferred one first. Those of `prepareRequest` follow. */
  readonly subprotocols: readonly string[]
  /** Returns the first message of each connection, such as a login. */
  readonly hello?: (() => Payload | undefined | Promise<Payload | undefined>) | undefined
  /** Returns the response to a frame that is a ping. Undefined: the frame is not one. */
  readonly reply?: ((data: Payload) => Payload | undefined) | undefined
  /** The heartbeat that the client sends, so that the server or the client notices a dead connection. */
  readonly ping?: Ping | undefined
  /** The verdicts on close codes. */
  readonly closes: CloseTable
  /** Reads one frame. If it throws, the frame is emitted as an invalid message. */
  frame(data: Payload): SourceEvent | typeof END
}

/** A rejection in a line, with the status of HTTP. */
export interface RefusedLine {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** The message to write as a line: text, or bytes in Base64. */
export type LineContent = { readonly text: string } | { readonly base64: string }

/** The part of `flashSocket()`: sockets whose messages are lines (LF). */
export interface LinesBackend {
  buildRequest(target: Target): BackendRequest
  /** Returns the line that subscribes, by the channel's URL relative to the tunnel's. Undefined: none is needed. */
  request(reference: string): string | undefined
  /** Whether the server sends a line at once, so that the connection is open only when it arrived. */
  readonly expectsGreeting: boolean
  /** Reads one line. */
  line(text: string): SourceEvent | typeof END | RefusedLine
  verdict(head: ResponseHead): Verdict
  /** Writes a message as a line. Throws `send-unsupported` if that is not possible. */
  write(content: LineContent): string
}

/** The request that a message is posted with. */
export interface PostTarget extends Omit<Target, 'cursor'> {
  readonly credentials: RequestCredentials
  /** Aborts when the channel was left, or when `sendTimeout` is over. */
  readonly signal: AbortSignal
  readonly scheduler: SchedulerLike
}

/** Lists the parts of a backend, one for each kind of technique. */
export interface BackendParts {
  readonly poll: PollBackend
  readonly eventStream: EventStreamBackend
  readonly stream: StreamBackend
  readonly foreverFrame: FrameBackend
  readonly webSocket: WebSocketBackend
  readonly lines: LinesBackend
}

/**
 * Describes the protocol of one kind of server. It has no connection and no state. A technique opens the connection, and
 * its part of the backend builds the request and reads the response.
 *
 * A part has three tasks. `buildRequest` adds the cursor to the request. `verdict` interprets the status. `read` or `frame`
 * converts the response to events with their cursors. Write only the parts that your server supports. A technique whose
 * part is absent fails with `unsupported`.
 *
 * @example
 * const ticker: Backend = {
 *   name: 'ticker',
 *   heartbeat: 30_000,
 *   webSocket: {
 *     buildRequest: ({ url, headers, cursor }) => ({
 *       url: withQuery(url, { after: cursor?.namespace === 'ticker' ? cursor.value : undefined }),
 *       headers,
 *       namespace: 'ticker',
 *       resume: cursor?.namespace === 'ticker' ? 'yes' : 'no',
 *     }),
 *     subprotocols: [],
 *     closes: STANDARD_CLOSES,
 *     frame: (data) => ({ type: 'message', data, event: 'message', cursor: JSON.parse(String(data)).id }),
 *   },
 * }
 */
export interface Backend extends Partial<BackendParts> {
  /** The name in error messages and developer tools. */
  readonly name: string
  /** The longest silence of a healthy connection, in ms. Undefined: the server announces it, or has no heartbeat. */
  readonly heartbeat: number | undefined
  /**
   * Sends a message by HTTP to the first target of `target$`. Absent: techniques that only receive cannot send. Rejects with
   * `send-rejected`.
   */
  post?(target$: Observable<PostTarget>, data: Payload): Promise<void>
  /**
   * How the client verifies that no message was missed. Absent: the server reports gaps itself. It is not used for a server
   * that declares `reportsGaps`.
   */
  continuity?: Continuity
  /**
   * Compares two cursors. Returns a negative number if `a` is before `b`, and undefined if they have no order, such as
   * cursors from before and after a restart. Absent: cursors have no order.
   */
  compare?(a: string, b: string): number | undefined
}

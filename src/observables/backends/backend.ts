import type { Observable, SchedulerLike } from 'rxjs'
import type { Cursor } from '../connection/cursor.ts'
import type { PushError } from '../errors.ts'
import type { GapReason, Payload, SourceEvent, SourceOpen } from '../events.ts'
import type { Continuity } from '../connection/verify-continuity.ts'
import type { CloseTable, Verdict } from './verdict.ts'

/** Where to connect, before a backend spelled it. */
export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly cursor: Cursor | undefined
  /** The head of the answer before, in a cycle of polls. */
  readonly previous?: ResponseHead | undefined
  /** How long one message may be, in bytes; a reader keeps no more than that of one. @default 16 MiB */
  readonly maxMessageBytes?: number | undefined
}

/** The same, as the server wants it. */
export interface BackendRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The namespace of the cursors that this connection yields. */
  readonly namespace: string
  /**
   * `yes`: the cursor is in it. `no`: it is not, or there was none. `sampled`: each answer is the present
   * state, what was between two is never told.
   */
  readonly resume: 'yes' | 'no' | 'sampled'
  /** Nothing but the request says that the server resumes: makes what recognises its repeats (`SourceOpen.assumed`). */
  readonly assumed?: SourceOpen['assumed']
  /** Another connection may give the same message another cursor, so no two are compared by them. @default false */
  readonly ownCursors?: boolean
}

/** The head of an HTTP answer. */
export interface ResponseHead {
  readonly status: number
  readonly headers: Headers
}

/** A frame or an event that closes the channel for good. */
export const END = 'end'

/** Where a reader puts what it reads. */
export type Emit = (event: SourceEvent | typeof END) => void

/** Reads the body of an answer as it arrives, so that what came before a cut is not lost. */
export interface ResponseReader {
  feed(chunk: Uint8Array): void
  /** The body is whole. True: more waits at the server, ask again at once. */
  end(): boolean
}

/** One event of an event stream; `id` only where this event carried it. */
export interface ServerSentEvent {
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly data: string
  /** The event is longer than a message may be, and `data` is its beginning. */
  readonly error?: PushError | undefined
}

/** How polls are spelled. */
export interface PollBackend {
  /** `waits`: the server may hold the request until it has something to say (long polling). */
  buildRequest(target: Target, waits: boolean): BackendRequest
  verdict(head: ResponseHead, asked: Target): Verdict
  /** Whether an accepted answer of this media type is a poll's; absent: `read` sees to it. */
  fits?(type: string): boolean
  /** Media types to expect, in words. */
  readonly expects?: string
  /** Why messages are missing before the end that an answer tells; absent: none are. */
  gapAtEnd?(head: ResponseHead): GapReason | undefined
  /** Reads an answer into gaps, messages and signs of life. `end` may throw what makes it unreadable. */
  read(head: ResponseHead, emit: Emit, asked: Target): ResponseReader
}

/** How event streams are spelled. */
export interface EventStreamBackend {
  /** `headers`: whether any can be sent; a browser's EventSource cannot. */
  buildRequest(target: Target, headers: boolean): BackendRequest
  verdict(head: ResponseHead, asked: Target): Verdict
  /** The ids of events are cursors, so that one in a block without data counts too. @default false */
  readonly ids?: boolean
  /** Names of the server's own events, which an EventSource hides unless it is told of them. */
  readonly eventNames: readonly string[]
  /** Reads one connection's events. `head`: undefined where the host hides it; a browser's EventSource does. */
  read(head: ResponseHead | undefined, emit: Emit, asked: Target): (event: ServerSentEvent) => void
  /** Whether the server says something as soon as the stream is open; absent: no. */
  expectsGreeting?(head: ResponseHead): boolean
  /** The longest silence of a healthy stream, in ms, where it is agreed on for streams of events alone. */
  readonly heartbeat?: number | undefined
  /** A comment is a heartbeat (`again`), or a verdict on the stream. */
  comment(text: string): Verdict
}

/** How streams are spelled that are neither events nor frames: parts of a multipart answer, or lines. */
export interface StreamBackend {
  buildRequest(target: Target): BackendRequest
  verdict(head: ResponseHead): Verdict
  /** Media types to ask for. */
  readonly accept: string
  /** Whether an answer of this media type (`mediaType`) is a stream. */
  fits(type: string): boolean
  /** Whether the server says something as soon as the stream is open; absent: no. */
  expectsGreeting?(head: ResponseHead): boolean
  /** Reads the text as it comes. A message that cannot be read is `unreadable`; only what ends the connection is thrown. */
  read(head: ResponseHead, emit: Emit, asked: Target): (text: string) => void
}

/** How forever frames are spelled: pages in an iframe that post to their parent what comes. */
export interface FrameBackend {
  buildRequest(target: Target): BackendRequest
  verdict(head: ResponseHead): Verdict
  /** Reads what was posted. */
  frame(text: string): SourceEvent | typeof END
}

/** A heartbeat that this side sends. */
export interface Ping {
  readonly send: () => Payload
  /** How often, in ms. */
  readonly every: number
  /** Something has to arrive within so many ms after it; undefined: the server does not answer. */
  readonly within: number | undefined
}

/** How WebSockets are spelled. */
export interface WebSocketBackend {
  buildRequest(target: Target): BackendRequest
  /** To offer, the preferred first; those that `prepareRequest` gives follow. */
  readonly subprotocols: readonly string[]
  /** What is sent first on each connection, before anything else: a login, say. */
  readonly hello?: (() => Payload | undefined | Promise<Payload | undefined>) | undefined
  /** What is sent when a frame asks for it, by a ping of the server's own; undefined: the frame asks for nothing. */
  readonly reply?: ((data: Payload) => Payload | undefined) | undefined
  /** What is sent at regular times, so that the server, or this side, knows that the line is alive. */
  readonly ping?: Ping | undefined
  readonly closes: CloseTable
  frame(data: Payload): SourceEvent | typeof END
}

/** A refusal, as HTTP would have said it. */
export interface RefusedLine {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What is sent as a line: text, or bytes in Base64. */
export type LineContent = { readonly text: string } | { readonly base64: string }

/** How sockets are spelled whose messages are lines (LF). */
export interface LinesBackend {
  buildRequest(target: Target): BackendRequest
  /** The line that asks for a channel, by its URL relative to the tunnel's; undefined: the server begins by itself. */
  request(reference: string): string | undefined
  /** Whether the server says something at once, so that the connection is open when it has. */
  readonly expectsGreeting: boolean
  /** Reads a line. */
  line(text: string): SourceEvent | typeof END | RefusedLine
  verdict(head: ResponseHead): Verdict
  /** A message as a line. Throws `send-unsupported` where it cannot be one. */
  write(content: LineContent): string
}

/** Where a message is posted. */
export interface PostTarget extends Omit<Target, 'cursor'> {
  readonly credentials: RequestCredentials
  /** Aborts when nobody waits for the message any more: the channel was left, or `sendTimeout` is over. */
  readonly signal: AbortSignal
  readonly scheduler: SchedulerLike
}

/** One part for each way to carry. */
export interface BackendParts {
  readonly poll: PollBackend
  readonly eventStream: EventStreamBackend
  readonly stream: StreamBackend
  readonly foreverFrame: FrameBackend
  readonly webSocket: WebSocketBackend
  readonly lines: LinesBackend
}

/**
 * How one kind of server spells things: where a cursor goes and where it is found, what each status and close code
 * means, how to send. It holds no socket and no state. A technique takes the part that is its own; one whose part is
 * absent is refused as `unsupported`, because this kind of server does not carry so.
 */
export interface Backend extends Partial<BackendParts> {
  readonly name: string
  /** Longest silence of a healthy connection, in ms, where it is agreed on beforehand. */
  readonly heartbeat: number | undefined
  /**
   * Sends by HTTP to where the first of `target$` says; absent: this kind of server takes no posts. Rejects with
   * `send-rejected`.
   */
  post?(target$: Observable<PostTarget>, data: Payload): Promise<void>
  /**
   * How the client verifies that no message was missed; absent: the server reports gaps by itself. Not used of a server
   * that states `reportsGaps`.
   */
  continuity?: Continuity
  /**
   * Negative where `a` is before `b`; undefined: they are of different lives of the server, and have no order. Absent: no
   * two cursors of this kind of server have one.
   */
  compare?(a: string, b: string): number | undefined
}

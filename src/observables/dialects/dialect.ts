import type { Cursor } from '../cursor.ts'
import type { Payload, SourceEvent } from '../event.ts'
import type { CloseTable, StatusTable, Verdict } from './verdict.ts'

/** How a request travels. `event-source` is a browser's own EventSource, which can send no header. */
export type Carrier = 'poll' | 'long-poll' | 'event-stream' | 'event-source' | 'web-socket'

/** Where to connect, before a dialect spelled it. */
export interface Target {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly cursor: Cursor | undefined
  readonly carrier: Carrier
}

/** The same, as the server wants it. */
export interface Address {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The space of the cursors that this carrier yields. */
  readonly space: string
  /**
   * `resumed`: the cursor is in it. `unproven`: it is not, or there was none. `sampled`: each answer is the present
   * state, what was between two is never told.
   */
  readonly continuity: 'resumed' | 'unproven' | 'sampled'
}

/** The head of an HTTP answer. */
export interface AnswerHead {
  readonly status: number
  readonly headers: Headers
}

/** A frame or an event that closes the channel for good. */
export const END = 'end'

/** Where a reader puts what it reads. */
export type Emit = (event: SourceEvent | typeof END) => void

/** Reads the body of an answer as it arrives, so that what came before a cut is not lost. */
export interface AnswerReader {
  feed(chunk: Uint8Array): void
  /** The body is whole. True: more waits at the server, ask again at once. */
  end(): boolean
}

/** One event of an event stream; `id` only where this event carried it. */
export interface ServerSentEvent {
  readonly id?: string | undefined
  readonly event?: string | undefined
  readonly data: string
}

/** What a message is posted as, where the technique itself cannot send. */
export interface Post {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Payload
}

/**
 * How one kind of server spells things: where a cursor goes and where it is found, what each status and close code
 * means, how to send. It holds no socket and no state.
 */
export interface Dialect {
  readonly name: string
  /** WebSocket subprotocols to offer, the preferred first. */
  readonly subprotocols: readonly string[]
  /** Names of the server's own events, which an EventSource hides unless it is told of them. */
  readonly eventNames: readonly string[]
  /** Longest silence of a healthy connection, in ms, where it is agreed on beforehand. */
  readonly heartbeat: number | undefined
  readonly statuses: StatusTable
  readonly closes: CloseTable
  /** Spells a request. */
  address(target: Target): Address
  /** The verdict on an HTTP answer: `statuses`, and what else its head tells. */
  verdict(status: number, headers: Headers): Verdict
  /** Reads the answer to a poll into gaps, messages and signs of life. `end` may throw what makes it unreadable. */
  answer(head: AnswerHead, emit: Emit): AnswerReader
  /** Reads one event of a stream. */
  event(event: ServerSentEvent): SourceEvent | typeof END
  /** Reads one comment of a stream: a heartbeat, or a verdict on the stream. */
  comment(text: string): Verdict
  /** Reads one WebSocket frame. May throw what makes the frame unreadable. */
  frame(data: Payload): SourceEvent | typeof END
  /** How to send by HTTP; absent: this kind of server takes no posts. */
  post?(url: string, data: Payload): Post
  /** Negative where `a` is before `b`; undefined: the cursors of this kind of server have no order. */
  compare(a: string, b: string): number | undefined
}

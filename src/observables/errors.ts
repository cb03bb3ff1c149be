import { DEV } from './internal/dev.ts'
import { reason } from './internal/format.ts'

/**
 * Every way to fail, and whether trying again can help. Codes are permanent.
 *
 * | code | why | the fix |
 * | --- | --- | --- |
 * | `unreachable` | No answer that a page may see: server down, offline, CORS, a proxy that stops the technique. | Check the address and the console; the policy tries again. |
 * | `unavailable` | The server asked to come back later (429, 503, ...). | None: the policy and `Retry-After` say when. |
 * | `lost` | The connection ended and the channel did not. | None: it reconnects and resumes. |
 * | `timeout` | Nothing opened within `openWithin`. | A proxy that hangs: use a technique that passes it, or raise `openWithin`. |
 * | `silent` | An open connection brought no byte for heartbeat + timeout. | None: it reconnects. If it repeats, the heartbeat is set lower than the server's. |
 * | `cursor-lost` | The server no longer knows the place to resume from. | None: a `gap` tells the readers. |
 * | `unexpected-answer` | The answer is not of the technique (a login page, another content type). | Check URL, dialect and what stands in between. |
 * | `refused` | The server said no for good (404, close 1002, ...), or no to who asks (401, 403, close 1008, 4401, ...) twice, the second time to what `prepare` made anew. | Mend the request or its rights, then `open()`. |
 * | `unsupported` | This host lacks what the technique needs, or the dialect does not speak it. | Name another technique, pass an implementation, or (`flashSocket`) serve Ruffle and allow `wasm-unsafe-eval`. |
 * | `headers-unsupported` | Headers were asked for where the host cannot send any. | Put the value in `query`, or use a technique that reads by fetch. |
 * | `too-many-streams` | Four answers that do not end are held at one origin: over HTTP/1.1 a browser opens six connections, and two are left for other requests. | HTTP/2, `webSocket()`, or several things in one channel. |
 * | `prepare-failed` | `prepare` threw, rejected or took over 30 s. | Mend `prepare`; the policy tries again. |
 * | `gave-up` | The policy ran out of `tries` or of its `budget` of time; `cause` is the last failure. | `open()`, or more of either. |
 * | `invalid-message` | `decode` or the schema refused one message. | Mend publisher or schema; the channel goes on. |
 * | `message-too-large` | One message is longer than `maxMessageBytes`. | Send less at once, or raise it; the message is `invalid`, and the channel goes on behind it. |
 * | `async-schema` | The schema answered with a promise. Order needs a synchronous one. | Validate asynchronously in `onMessage`. |
 * | `cannot-send` | Neither technique nor dialect can send. | Use `webSocket()`, or a dialect that posts. |
 * | `not-connected` | `send` on a channel that nobody reads, or that is closed or failed. | Subscribe first, or `open()`. |
 * | `buffer-full` | Too much waits to be sent. | Wait for earlier `send`s. |
 * | `send-lost` | The channel closed before the message was handed over, or it took longer than `sendTimeout` once it was its turn: then the server may have it. | Send it again if it still matters. |
 * | `send-refused` | The server refused the message (`status` says how). | Mend the message or its rights. |
 * | `invalid-url` | The URL cannot be resolved. | Give an absolute URL, or `base`. |
 * | `invalid-request` | The request cannot be made: a header, the method, the URL or a subprotocol is one that no host sends. Nothing was sent. | The message names it: mend what `prepare` or the channel gives. |
 * | `exception` | A technique, a dialect or a function that they were given has a mistake in its code: a `TypeError` or a `ReferenceError`. | Mend what `cause` and its stack show. |
 * | `invalid-option` | An option is out of its range. | The message names it. |
 * | `no-technique` | Neither client nor channel names a `via`. | `createPushClient({ via: sse() })`. |
 * | `client-closed` | The client was closed. | Make a new one. |
 * | `no-push` | A composable or store found no push plugin. | `app.use(createPush(...))`. |
 * | `source-failed` | The function that names the channel of a composable or of a store threw. | Mend it; return `null` while there is nothing to read. |
 * | `snapshot-failed` | A store's `snapshot` threw or rejected. | It is tried again; mend it. |
 * | `apply-failed` | A store's `apply` threw, or returned a promise that rejected. | Mend `apply`. |
 */
export type PushErrorCode =
  | (typeof RETRYABLE)[number]
  | 'refused'
  | 'unsupported'
  | 'headers-unsupported'
  | 'gave-up'
  | 'invalid-message'
  | 'async-schema'
  | 'cannot-send'
  | 'not-connected'
  | 'send-lost'
  | 'send-refused'
  | 'invalid-url'
  | 'invalid-request'
  | 'exception'
  | 'invalid-option'
  | 'no-technique'
  | 'client-closed'
  | 'no-push'
  | 'source-failed'
  | 'apply-failed'

/** What another try, unchanged, can mend. */
const RETRYABLE = [
  'unreachable',
  'unavailable',
  'lost',
  'timeout',
  'silent',
  'cursor-lost',
  'unexpected-answer',
  'too-many-streams',
  'prepare-failed',
  'message-too-large',
  'buffer-full',
  'snapshot-failed',
] as const

const retryable: ReadonlySet<string> = new Set(RETRYABLE)

/** The statuses and close codes that refuse who asks, and not what is asked for. */
export const WHO: ReadonlySet<number | undefined> = new Set([401, 403, 1008, 3000, 3003, 4401, 4403])

/** Whether another try may succeed with fresh rights, a new token say. */
export const asksWho = ({ code, status }: PushError): boolean => code === 'refused' && WHO.has(status)

export interface PushErrorDetails {
  /** What lies beneath. */
  cause?: unknown
  /** Name of the technique that failed. */
  technique?: string
  /** HTTP status or WebSocket close code, where one was seen. */
  status?: number | undefined
  /** How long the server asked to be left alone, in ms. */
  retryAfter?: number | undefined
  /** The next attempt goes another way, and need not wait. */
  elsewhere?: boolean
}

/**
 * The one error type of this library.
 *
 * @example
 * channel.events$.subscribe((event) => {
 *   if (event.type === 'failed' && event.error.code === 'refused') signIn()
 * })
 */
export class PushError extends Error {
  override readonly name = 'PushError'
  readonly code: PushErrorCode
  /** Whether another try, unchanged, can succeed. */
  readonly retryable: boolean
  declare readonly technique?: string
  /** HTTP status or WebSocket close code. */
  declare readonly status?: number
  /** The next attempt goes another way, and does not wait. */
  declare readonly elsewhere?: boolean
  /** In ms; the policy never waits for less. */
  declare readonly retryAfter?: number

  /** `message` may be left out of production bundles (`DEV && '...'`); the code then stands for it. */
  constructor(code: PushErrorCode, message: string | false, { cause, ...seen }: PushErrorDetails = {}) {
    super(message || code, { cause })
    this.code = code
    this.retryable = retryable.has(code)
    Object.assign(this, seen)
  }
}

/** What was thrown as a `PushError`: itself where it is one, else one of this code; `what` says what went wrong. */
export const asPushError = (cause: unknown, code: PushErrorCode, what: string | false): PushError =>
  cause instanceof PushError ? cause : new PushError(code, DEV && `${what}: ${reason(cause)}`, { cause })

/**
 * The same, for what ended a connection: `exception` where it is a mistake in code (`TypeError`, `ReferenceError`), which
 * another try would only repeat.
 */
export const fault = (
  cause: unknown,
  code: PushErrorCode = 'lost',
  what: string | false = DEV && 'the connection broke',
): PushError =>
  cause instanceof TypeError || cause instanceof ReferenceError
    ? asPushError(cause, 'exception', DEV && 'A technique, a dialect or a function of yours threw')
    : asPushError(cause, code, what)

/**
 * The same, for what a function's promise rejected with. A `TypeError` may be fetch's, which tells of the network: that is
 * no mistake in code.
 */
export const rejection = (cause: unknown, code: PushErrorCode, what: string | false): PushError =>
  cause instanceof TypeError ? asPushError(cause, code, what) : fault(cause, code, what)

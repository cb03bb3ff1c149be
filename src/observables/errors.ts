import { DEV } from './internal/dev.ts'
import { errorMessage } from './internal/redact-url.ts'

/**
 * Every way to fail, and whether trying again can help. Codes are permanent.
 *
 * | code | why | the fix |
 * | --- | --- | --- |
 * | `network-error` | No answer that a page may see: server down, offline, CORS, a proxy that stops the technique. | Check the address and the console; the policy tries again. |
 * | `unavailable` | The server asked to come back later (429, 503, ...). | None: the policy and `Retry-After` say when. |
 * | `connection-lost` | The connection ended and the channel did not. | None: it reconnects and resumes. |
 * | `connect-timeout` | Nothing opened within `connectTimeout`. | A proxy that hangs: use a technique that passes it, or raise `connectTimeout`. |
 * | `heartbeat-timeout` | An open connection brought no byte for heartbeat + `heartbeatGrace`. | None: it reconnects. If it repeats, the heartbeat is set lower than the server's. |
 * | `cursor-lost` | The server no longer knows the place to resume from. | None: a `gap` tells the readers. |
 * | `unexpected-response` | The answer is not of the technique (a login page, another content type). | Check URL, backend and what stands in between. |
 * | `rejected` | The server rejected the request for good (404, close 1002, ...). | Correct the request, then call `reconnect()`. |
 * | `unauthorized` | The server rejected the user (401, 403, close 1008, 3000, 3003, 4401, 4403): twice where there is a `prepareRequest`, which is called again in between. | Sign in, or correct the rights, then call `reconnect()`. |
 * | `unsupported` | This host lacks what the technique needs, or the backend does not speak it. | Name another technique, pass an implementation, or (`flashSocket`) serve Ruffle and allow `wasm-unsafe-eval`. |
 * | `headers-unsupported` | Headers were asked for where the host cannot send any. | Put the value in `query`, or use a technique that reads by fetch. |
 * | `connection-limit` | Four answers that do not end are held at one origin: over HTTP/1.1 a browser opens six connections, and two are left for other requests. | HTTP/2, `webSocket()`, or several things in one channel. |
 * | `prepare-failed` | `prepareRequest` threw, rejected or took over 30 s. | Mend `prepareRequest`; the policy tries again. |
 * | `retries-exhausted` | The policy ran out of `maxRetries` or of `maxElapsedTime`; `cause` is the last failure. | `reconnect()`, or more of either. |
 * | `invalid-message` | `decode` or the schema refused one message. | Mend publisher or schema; the channel goes on. |
 * | `message-too-large` | One message is longer than `maxMessageBytes`. | Send less at once, or raise it; the message is `invalid`, and the channel goes on behind it. |
 * | `async-schema` | The schema answered with a promise. Order needs a synchronous one. | Validate asynchronously in `onMessage`. |
 * | `send-unsupported` | Neither technique nor backend can send. | Use `webSocket()`, or a backend that posts. |
 * | `not-connected` | `send` on a channel that nobody reads, or that is closed or failed. | Subscribe first, or `reconnect()`. |
 * | `buffer-full` | Too much waits to be sent. | Wait for earlier `send`s. |
 * | `send-aborted` | The channel closed before the message was handed over, or it took longer than `sendTimeout` once it was its turn: then the server may have it. | Send it again if it still matters. |
 * | `send-rejected` | The server refused the message (`status` says how). | Mend the message or its rights. |
 * | `invalid-url` | The URL cannot be resolved. | Give an absolute URL, or `baseUrl`. |
 * | `invalid-request` | The request cannot be made: a header, the method, the URL or a subprotocol is one that no host sends. Nothing was sent. | The message names it: mend what `prepareRequest` or the channel gives. |
 * | `exception` | A technique, a backend or a function that they were given has a mistake in its code: a `TypeError` or a `ReferenceError`. | Mend what `cause` and its stack show. |
 * | `invalid-option` | An option is out of its range. | The message names it. |
 * | `missing-technique` | Neither client nor channel names a `technique`. | `createPushClient({ technique: sse() })`. |
 * | `client-closed` | The client was closed. | Make a new one. |
 * | `plugin-not-installed` | A composable or store found no push plugin. | `app.use(createPush(...))`. |
 * | `source-failed` | The function that names the channel of a composable or of a store threw. | Mend it; return `null` while there is nothing to read. |
 * | `snapshot-failed` | A store's `snapshot` threw or rejected. | It is tried again; mend it. |
 * | `apply-failed` | A store's `apply` threw, or returned a promise that rejected. | Mend `apply`. |
 */
export type PushErrorCode =
  | (typeof RETRYABLE)[number]
  | 'rejected'
  | 'unauthorized'
  | 'unsupported'
  | 'headers-unsupported'
  | 'retries-exhausted'
  | 'invalid-message'
  | 'async-schema'
  | 'send-unsupported'
  | 'not-connected'
  | 'send-aborted'
  | 'send-rejected'
  | 'invalid-url'
  | 'invalid-request'
  | 'exception'
  | 'invalid-option'
  | 'missing-technique'
  | 'client-closed'
  | 'plugin-not-installed'
  | 'source-failed'
  | 'apply-failed'

/** What another try, unchanged, can mend. */
const RETRYABLE = [
  'network-error',
  'unavailable',
  'connection-lost',
  'connect-timeout',
  'heartbeat-timeout',
  'cursor-lost',
  'unexpected-response',
  'connection-limit',
  'prepare-failed',
  'message-too-large',
  'buffer-full',
  'snapshot-failed',
] as const

const retryable: ReadonlySet<string> = new Set(RETRYABLE)

/** The statuses and close codes that reject the user, and not the request. */
export const AUTH_STATUSES: ReadonlySet<number | undefined> = new Set([401, 403, 1008, 3000, 3003, 4401, 4403])

/** The code of a request that was rejected for good with this HTTP status or WebSocket close code. */
export const rejectionCode = (status: number | undefined): 'unauthorized' | 'rejected' =>
  AUTH_STATUSES.has(status) ? 'unauthorized' : 'rejected'

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
  immediate?: boolean
}

/**
 * The one error type of this library.
 *
 * @example
 * channel.events$.subscribe((event) => {
 *   if (event.type === 'failed' && event.error.code === 'unauthorized') signIn()
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
  declare readonly immediate?: boolean
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
  cause instanceof PushError ? cause : new PushError(code, DEV && `${what}: ${errorMessage(cause)}`, { cause })

/**
 * The same, for what ended a connection: `exception` where it is a mistake in code (`TypeError`, `ReferenceError`), which
 * another try would only repeat.
 */
export const fault = (
  cause: unknown,
  code: PushErrorCode = 'connection-lost',
  what: string | false = DEV && 'the connection broke',
): PushError =>
  cause instanceof TypeError || cause instanceof ReferenceError
    ? asPushError(cause, 'exception', DEV && 'A technique, a backend or a function of yours threw')
    : asPushError(cause, code, what)

/**
 * The same, for what a function's promise rejected with. A `TypeError` may be fetch's, which tells of the network: that is
 * no mistake in code.
 */
export const rejection = (cause: unknown, code: PushErrorCode, what: string | false): PushError =>
  cause instanceof TypeError ? asPushError(cause, code, what) : fault(cause, code, what)

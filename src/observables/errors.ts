import { DEV } from './internal/dev.ts'
import { errorMessage } from './internal/redact-url.ts'

/**
 * The code of an error. Codes are permanent.
 *
 * | code | cause | what to do |
 * | --- | --- | --- |
 * | `network-error` | The page received no response: server down, offline, CORS, or a proxy that blocks the technique. | Check the URL and the console. The client retries. |
 * | `unavailable` | The server rejected the request temporarily (429, 503, ...). | Nothing. The policy and `Retry-After` set the time. |
 * | `connection-lost` | The connection ended, but the channel did not. | Nothing. The client reconnects and resumes. |
 * | `connect-timeout` | Nothing opened within `connectTimeout`. | If a proxy hangs, use another technique. Otherwise raise `connectTimeout`. |
 * | `heartbeat-timeout` | An open connection received no byte for heartbeat + `heartbeatGrace`. | Nothing. If it repeats, set the heartbeat to the server's. |
 * | `cursor-lost` | The server no longer accepts the cursor. | Nothing. The client emits a `gap`. |
 * | `unexpected-response` | The response does not belong to the technique (a login page, another content type). | Check the URL, the backend and proxies. |
 * | `rejected` | The server rejected the request permanently (404, close 1002, ...). | Correct the request, then call `reconnect()`. |
 * | `unauthorized` | The server rejected the user (401, 403, close 1008, 3000, 3003, 4401, 4403). With `prepareRequest`, the second attempt failed too. | Sign in or correct the rights, then call `reconnect()`. |
 * | `unsupported` | The host lacks an API of the technique, or the backend does not support it. | Use another technique, or pass an implementation. For `flashSocket`, serve Ruffle and allow `wasm-unsafe-eval`. |
 * | `headers-unsupported` | `prepareRequest` returned headers, which the technique cannot send. | Return `query`, or use a technique with fetch. |
 * | `connection-limit` | Four streams to the origin are open, in all tabs together. Over HTTP/1.1 a browser opens six connections, and two are left for other requests. | Use HTTP/2 or `webSocket()`, fall back to `polling()`, or merge channels. |
 * | `prepare-failed` | `prepareRequest` threw, rejected or took over 30 s. | Correct `prepareRequest`. The client retries. |
 * | `retries-exhausted` | `maxRetries` or `maxElapsedTime` was reached. `cause` is the last failure. | Call `reconnect()`, or raise the limit. |
 * | `invalid-message` | `decode` or the schema rejected one message. | Correct the publisher or the schema. The channel continues. |
 * | `message-too-large` | One message is longer than `maxMessageBytes`. | Send smaller messages, or raise the limit. The channel continues. |
 * | `async-schema` | The schema returned a promise, but the order of messages needs a synchronous result. | Validate asynchronously in `onMessage`. |
 * | `send-unsupported` | Neither the technique nor the backend can send. | Use `webSocket()`, or a backend that sends by POST. |
 * | `not-connected` | `send` was called on a channel without readers, or on a closed or failed one. | Subscribe first, or call `reconnect()`. |
 * | `buffer-full` | Too many messages wait to be sent. | Wait for earlier `send`s. |
 * | `send-aborted` | The channel closed before the message was sent, or it took longer than `sendTimeout`. In the latter case the server may have it. | Send it again if necessary. |
 * | `send-rejected` | The server rejected the message with `status`. | Correct the message, or the right to send it. |
 * | `invalid-url` | The URL cannot be resolved. | Use an absolute URL, or set `baseUrl`. |
 * | `invalid-request` | The request was not sent, because its header, method, URL or subprotocol is invalid. | Correct the value that the message names. |
 * | `exception` | A technique, a backend or a user function threw a `TypeError` or a `ReferenceError`. | Fix the code that `cause` shows. |
 * | `invalid-option` | An option has an invalid value. | Correct the option that the message names. |
 * | `missing-technique` | Neither the client nor the channel has a `technique`. | `createPushClient({ technique: sse() })`. |
 * | `client-closed` | The client was closed. | Create a new one. |
 * | `plugin-not-installed` | A composable or a store found no push plugin. | `app.use(createPush(...))`. |
 * | `source-failed` | The function that returns the channel of a composable or a store threw. | Correct it. Return `null` to read no channel. |
 * | `snapshot-failed` | A store's `snapshot` threw, rejected or took over 30 s. | Correct `snapshot`. The store retries. |
 * | `apply-failed` | A store's `apply` threw, or returned a promise that rejected. | Correct `apply`. |
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

/** The codes of errors that an unchanged retry may resolve. */
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

/** Returns the code for a permanent rejection with this HTTP status or WebSocket close code. */
export const rejectionCode = (status: number | undefined): 'unauthorized' | 'rejected' =>
  AUTH_STATUSES.has(status) ? 'unauthorized' : 'rejected'

export interface PushErrorDetails {
  /** The underlying error. */
  cause?: unknown
  /** The name of the technique that failed. */
  technique?: string
  /** The HTTP status or WebSocket close code, if there was one. */
  status?: number | undefined
  /** The delay that the server requested, in ms. */
  retryAfter?: number | undefined
  /** Whether the next attempt uses another way, and needs no delay. */
  immediate?: boolean
}

/**
 * The error type of this library. Its `code` is permanent, and its message is for developers.
 *
 * @example
 * channel.events$.subscribe((event) => {
 *   if (event.type === 'failed' && event.error.code === 'unauthorized') signIn()
 * })
 */
export class PushError extends Error {
  override readonly name = 'PushError'
  readonly code: PushErrorCode
  /** Whether an unchanged retry can succeed. */
  readonly retryable: boolean
  declare readonly technique?: string
  /** The HTTP status or WebSocket close code. */
  declare readonly status?: number
  /** Whether the next attempt uses another way, and starts at once. */
  declare readonly immediate?: boolean
  /** The delay that the server requested, in ms. The client waits at least this long. */
  declare readonly retryAfter?: number

  /** If `message` is false, as `DEV && '...'` is in production, the code is the message. */
  constructor(code: PushErrorCode, message: string | false, { cause, ...seen }: PushErrorDetails = {}) {
    super(message || code, { cause })
    this.code = code
    this.retryable = retryable.has(code)
    Object.assign(this, seen)
  }
}

/**
 * Returns `cause` if it is a `PushError`, and otherwise wraps it in one with this code.
 *
 * @param what Two sentences: what failed, and what to do. The cause is added to the first one.
 */
export const asPushError = (cause: unknown, code: PushErrorCode, what: string | false): PushError =>
  cause instanceof PushError ? cause : new PushError(code, DEV && what && withCause(what, cause), { cause })

const withCause = (what: string, cause: unknown): string =>
  what.replace('. ', () => `: ${errorMessage(cause).replace(/\.$/, '')}. `)

/**
 * Returns a `PushError` for a failed connection. A `TypeError` or a `ReferenceError` is an error in code, which a retry
 * would only repeat: it becomes `exception`.
 */
export const fault = (
  cause: unknown,
  code: PushErrorCode = 'connection-lost',
  what: string | false = DEV && 'Connection lost. The client reconnects.',
): PushError =>
  cause instanceof TypeError || cause instanceof ReferenceError
    ? asPushError(cause, 'exception', DEV && 'A technique, a backend or a function of the application threw. Fix it.')
    : asPushError(cause, code, what)

/**
 * Returns a `PushError` for a rejected promise of a user function. A `TypeError` may be fetch's for a network failure,
 * so it is not `exception`.
 */
export const rejection = (cause: unknown, code: PushErrorCode, what: string | false): PushError =>
  cause instanceof TypeError ? asPushError(cause, code, what) : fault(cause, code, what)

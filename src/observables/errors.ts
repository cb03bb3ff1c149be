import { DEV } from './dev.ts'
import { reason } from './in-words.ts'

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
 * | `too-many-streams` | Six answers that do not end are held at one origin: over HTTP/1.1 a browser opens no seventh connection, so the request would hang. | HTTP/2, `webSocket()`, or several things in one channel. |
 * | `prepare-failed` | `prepare` threw, rejected or took over 30 s. | Mend `prepare`; the policy tries again. |
 * | `gave-up` | The policy ran out of `tries` or of its `budget` of time; `cause` is the last failure. | `open()`, or more of either. |
 * | `invalid-message` | `decode` or the schema refused one message. | Mend publisher or schema; the channel goes on. |
 * | `async-schema` | The schema answered with a promise. Order needs a synchronous one. | Validate asynchronously in `onMessage`. |
 * | `cannot-send` | Neither technique nor dialect can send. | Use `webSocket()`, or a dialect that posts. |
 * | `not-connected` | `send` on a channel that nobody reads, or that is closed or failed. | Subscribe first, or `open()`. |
 * | `buffer-full` | Too much waits to be sent. | Wait for earlier `send`s. |
 * | `send-lost` | The channel closed before the message was handed over. | Send it again if it still matters. |
 * | `send-refused` | The server refused the message (`status` says how). | Mend the message or its rights. |
 * | `invalid-url` | The URL cannot be resolved. | Give an absolute URL, or `base`. |
 * | `invalid-option` | An option is out of its range. | The message names it. |
 * | `no-technique` | Neither client nor channel names a `via`. | `createPushClient({ via: sse() })`. |
 * | `client-closed` | The client was closed. | Make a new one. |
 * | `no-push` | A composable or store found no push plugin. | `app.use(createPush(...))`. |
 * | `snapshot-failed` | A store's `snapshot` threw or rejected. | It is tried again; mend it. |
 * | `apply-failed` | A store's `apply` threw. | Mend `apply`. |
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
  | 'invalid-option'
  | 'no-technique'
  | 'client-closed'
  | 'no-push'
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
  'buffer-full',
  'snapshot-failed',
] as const

const retryable: ReadonlySet<string> = new Set(RETRYABLE)

/** The statuses and close codes that refuse who asks, and not what is asked for. */
const WHO: ReadonlySet<number | undefined> = new Set([401, 403, 1008, 3000, 3003, 4401, 4403])

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

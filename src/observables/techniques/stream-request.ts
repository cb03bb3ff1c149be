import { END, type Emit } from '../backends/backend.ts'
import { PushError } from '../errors.ts'
import { checkNumbers, checkOption, checkUnknown, wrongOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { errorMessage } from '../internal/redact-url.ts'
import type { Technique } from './technique.ts'

/** The request of a stream that is read by fetch. */
export interface StreamRequestOptions {
  /**
   * The HTTP method. A request with another method than GET asks a question. It is sent when the channel gets its first
   * reader, and only once: the client retries it only if it was not sent, or if the server rejected its token. It resumes
   * nothing and is not paused with the page. The channel closes with the response, and stays closed until `reconnect()`. The
   * request is aborted when its last reader leaves. A redirect by 301, 302 or 303 makes it a GET without a body.
   * @default 'GET'
   */
  method?: string | undefined
  /**
   * The body of the request, or a function that returns it for each request. Objects are sent as JSON. Text (as
   * `text/plain`), bytes, `FormData`, `URLSearchParams` and `Blob` are sent unchanged. @default no body
   */
  body?: BodyInit | object | (() => BodyInit | object) | undefined
  /**
   * Whether it is safe to send a request with another method than GET again, so that the client retries it after a failure.
   * The new response then begins with a `gap`. Limit the retries (`backoff({ maxRetries })`) where each costs something.
   * @default false
   */
  idempotent?: boolean | undefined
  /**
   * How the stream ends: the exact data of its last event, which is not delivered, or a function that returns true for the
   * data (as it was sent) and the name of its last message, which is delivered. If the response ends before that, it counts
   * as cut. Give it if your server has a last message: only that shows a cut if a proxy ends the response properly, if the
   * response has neither a length nor chunks, and in WebKitGTK.
   * @default for other methods than GET, `[DONE]` or the end of the response; for GET, nothing
   */
  end?: string | ((message: { readonly data: string; readonly event: string }) => boolean) | undefined
  /**
   * How long the server may take to begin its response, in ms.
   * @default for other methods than GET, 60_000; for GET, the client's `connectTimeout`
   */
  connectTimeout?: number | undefined
}

/** What `StreamRequestOptions` mean for a technique. */
export interface StreamRequest {
  /** What each request has beside its URL and headers. Throws `exception` if `body` throws, or returns no body. */
  init(): { method: string; body?: BodyInit; headers: Readonly<Record<string, string>> }
  /** Wraps `emit` so that the stream ends after its last message. */
  until(emit: Emit): Emit
  /** Whether the stream has an end. */
  readonly ends: boolean
  /** Whether the end of the response is the end of the stream. */
  readonly endsWithResponse: boolean
  /** The properties of the technique. */
  readonly technique: Pick<Technique, 'method' | 'sendsOnce' | 'connectTimeout'>
  /** The options to compare. Each request with another method is one of its own, even if all its options are equal. */
  readonly parts: readonly unknown[]
}

/** How long a server may take to respond to a request that it has to work on, such as a language model's, in ms. */
const WORK = 60_000

/** Checks the options of a stream's request. @throws PushError `invalid-option` */
export function streamRequest(owner: string, options: StreamRequestOptions): StreamRequest {
  const { method: given = 'GET', body, idempotent = false, end, connectTimeout } = options
  if (process.env.NODE_ENV !== 'production') check(owner, options)
  checkNumbers(owner, { connectTimeout }, 1)
  const method = given.toUpperCase()
  const isGet = method === 'GET'
  const last = end ?? (isGet ? undefined : '[DONE]')

  return {
    init: () => ({ method, ...(body !== undefined && bodyOf(owner, body)) }) as ReturnType<StreamRequest['init']>,
    until(emit) {
      let ended = false
      return (event) => {
        if (ended) return
        // Nothing is resumed by a question, so its events have no position.
        const own = isGet || event === END ? event : { ...event, cursor: undefined }
        if (last === undefined || own === END || own.type !== 'message' || typeof own.data !== 'string' || own.error)
          return emit(own)
        const isText = typeof last === 'string'
        try {
          ended = isText ? own.data === last : last({ data: own.data, event: own.event })
        } catch (cause) {
          emit(own)
          throw userFailed(owner, 'end', cause)
        }
        if (!(ended && isText)) emit(own)
        if (ended) emit(END)
      }
    },
    ends: last !== undefined,
    endsWithResponse: !isGet && end === undefined,
    technique: {
      connectTimeout: connectTimeout ?? (isGet ? undefined : WORK),
      ...(!isGet && { method, ...(!idempotent && { sendsOnce: true }) }),
    },
    parts: isGet ? [end, connectTimeout] : [{}],
  }
}

/** Returns a body with its content type, if fetch does not set it. */
function bodyOf(owner: string, body: unknown): { body: BodyInit; headers?: Record<string, string> } {
  let value = body
  let text: string | undefined
  try {
    if (typeof body === 'function') value = (body as () => unknown)()
    if (isSentUnchanged(value)) return { body: value }
    text = isLost(value) ? undefined : JSON.stringify(value)
  } catch (cause) {
    throw userFailed(owner, 'body', cause)
  }
  if (text === undefined)
    throw new PushError(
      'exception',
      DEV &&
        `Request not sent: JSON cannot hold the \`body\` of ${owner}(), which is ${Object.prototype.toString.call(value)}. Give a plain object, and await promises before.`,
    )
  return { body: text, headers: { 'Content-Type': 'application/json' } }
}

const isSentUnchanged = (value: unknown): value is BodyInit =>
  typeof value === 'string' ||
  ArrayBuffer.isView(value) ||
  [ArrayBuffer, Blob, FormData, URLSearchParams].some((type) => value instanceof type)

/** Returns whether JSON would write an object as `{}` that is more than that, such as a promise, a Map or a stream. */
function isLost(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'toJSON' in value) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || Object.getPrototypeOf(prototype) === null
  return !isPlain && Object.keys(value).length === 0
}

const userFailed = (owner: string, option: string, cause: unknown): PushError =>
  new PushError('exception', DEV && `\`${option}\` of ${owner}() threw: ${errorMessage(cause)}. Fix it.`, { cause })

const OPTIONS: readonly string[] = ['method', 'body', 'idempotent', 'end', 'connectTimeout']

function check(owner: string, options: StreamRequestOptions): void {
  const { method = 'GET', body, end } = options
  checkUnknown(
    owner,
    Object.keys(options).filter((name) => !OPTIONS.includes(name)),
  )
  checkOption(typeof method === 'string', wrongOption('method', owner, method, "Give a text, such as 'POST'."))
  checkOption(
    body === undefined || method.toUpperCase() !== 'GET',
    wrongOption('body', owner, body, "A GET has no body. Give the `method` too, such as 'POST'."),
  )
  checkOption(
    end === undefined || typeof end === 'string' || typeof end === 'function',
    wrongOption('end', owner, end, 'Give the text of the last event, or a function that recognizes the last message.'),
  )
}

import { END, type Emit } from '../backends/backend.ts'
import { checkNumbers, checkOption, wrongOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import type { Technique } from './technique.ts'

/** The request of a stream that is read by fetch. */
export interface StreamRequestOptions {
  /**
   * The HTTP method. A request with another method than GET is sent once, when the channel gets its first reader: the client
   * neither retries it nor pauses it with the page. It ends with the response, and is aborted when its last reader leaves.
   * @default 'GET'
   */
  method?: string
  /**
   * The body of the request, or a function that returns it for each request. Text, bytes, `FormData`, `URLSearchParams` and
   * `Blob` are sent unchanged, everything else as JSON. @default no body
   */
  body?: BodyInit | object | (() => BodyInit | object)
  /**
   * Whether it is safe to send a request with another method than GET again, so that the client retries it. After a lost
   * connection the new response begins with a `gap`. @default false
   */
  idempotent?: boolean
  /**
   * How the stream ends: a text that is the data of its last event and no message, or a function that returns true for its
   * last message. A response that ends before it was cut, which is an error. Give it if your server has a last message:
   * WebKitGTK, and a server without `Content-Length` and chunks, show a response that was cut as a complete one. @default for other methods than GET, `[DONE]` or
   * the end of the response; for GET, nothing
   */
  end?: string | ((message: { readonly data: string; readonly event: string }) => boolean)
  /**
   * How long the server may take to begin its response, in ms. @default the client's `connectTimeout`; for other methods
   * than GET, 60_000
   */
  connectTimeout?: number
}

/** What `StreamRequestOptions` mean for a technique. */
export interface StreamRequest {
  /** What each request has beside its URL and headers. */
  init(): { method: string; body?: BodyInit; headers: Readonly<Record<string, string>> }
  /** Wraps `emit` so that the stream ends after its last message. */
  until(emit: Emit): Emit
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
  const { body, idempotent = false, end, connectTimeout } = options
  if (process.env.NODE_ENV !== 'production') check(owner, options)
  const method = (options.method ?? 'GET').toUpperCase()
  const isGet = method === 'GET'
  checkNumbers(owner, { connectTimeout }, 1)
  const last = end ?? (isGet ? undefined : '[DONE]')

  return {
    init() {
      if (body === undefined) return { method, headers: {} }
      const value: unknown = typeof body === 'function' ? (body as () => unknown)() : body
      return isSentUnchanged(value)
        ? { method, headers: {}, body: value }
        : { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(value) }
    },
    until: (emit) =>
      last === undefined
        ? emit
        : (event) => {
            if (event === END || event.type !== 'message' || typeof event.data !== 'string' || event.error)
              return emit(event)
            const { data, event: name } = event
            if (typeof last === 'string') return emit(data === last ? END : event)
            const isLast = last({ data, event: name })
            emit(event)
            if (isLast) emit(END)
          },
    endsWithResponse: !isGet && end === undefined,
    technique: {
      connectTimeout: connectTimeout ?? (isGet ? undefined : WORK),
      ...(!isGet && { method, ...(!idempotent && { sendsOnce: true }) }),
    },
    parts: isGet ? [end, connectTimeout] : [{}],
  }
}

const isSentUnchanged = (value: unknown): value is BodyInit =>
  typeof value === 'string' ||
  ArrayBuffer.isView(value) ||
  [ArrayBuffer, Blob, FormData, URLSearchParams, ReadableStream].some((type) => value instanceof type)

function check(owner: string, { method = 'GET', body, end }: StreamRequestOptions): void {
  checkOption(typeof method === 'string', wrongOption('method', owner, method, "Give a text, such as 'POST'."))
  checkOption(
    body === undefined || method.toUpperCase() !== 'GET',
    DEV && wrongOption('body', owner, body, "A GET has no body. Give the `method` too, such as 'POST'."),
  )
  checkOption(
    end === undefined || typeof end === 'string' || typeof end === 'function',
    DEV &&
      wrongOption(
        'end',
        owner,
        end,
        'Give the text of the last event, or a function that recognizes the last message.',
      ),
  )
}

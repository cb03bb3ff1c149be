import { Observable } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError, fault } from '../errors.ts'
import { ALIVE, type SourceEvent } from '../events.ts'
import type { END } from '../backends/backend.ts'
import { emitTo } from '../backends/emit-to.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'
import { nextTurn } from './yield-to-event-loop.ts'

/** The largest piece of a body that is read at once, in bytes: the page handles what it causes in one go. */
const MAX_CHUNK = 16_384

/** How long the page reads without a pause, in ms: about a quarter of a frame, so that rendering keeps up. */
const MAX_BUSY_TIME = 4

/**
 * Emits the body of a response, chunk by chunk, and completes at its end. It yields to the event loop while data arrives
 * faster than it is handled; the rest then waits at the server. Errors with `connection-lost` if the body breaks off.
 */
export function chunks(response: Response): Observable<Uint8Array> {
  return new Observable((subscriber) => {
    const reader = response.body?.getReader()
    const pull = async (): Promise<void> => {
      let busySince = performance.now()
      while (reader && !subscriber.closed) {
        const { done, value } = await reader.read()
        if (done) break
        for (let at = 0; at < value.length && !subscriber.closed; at += MAX_CHUNK) {
          subscriber.next(value.subarray(at, at + MAX_CHUNK))
          if (performance.now() - busySince < MAX_BUSY_TIME) continue
          // `reader.read()` resolves in a microtask while data is buffered, so the page would get no turn.
          await nextTurn()
          busySince = performance.now()
        }
      }
      subscriber.complete()
    }
    pull().catch((cause: unknown) =>
      subscriber.error(
        new PushError(
          'connection-lost',
          DEV && `Response from "${redactUrl(response.url)}" broke off: ${errorMessage(cause)}.`,
          {
            cause,
          },
        ),
      ),
    )
    // Cancelling a body that broke off rejects, which changes nothing.
    return () => void reader?.cancel().catch(() => {})
  })
}

/** Reads a body as it arrives. */
export interface BodyReader {
  feed(chunk: Uint8Array): void
  /** Called at the end of the body. */
  end(): void
}

/**
 * Emits the events that a reader finds in a response's body, and an `alive` for every chunk before it is read.
 *
 * Errors with what the reader throws: a `PushError` as it is, a mistake in code (`TypeError`, `ReferenceError`) as
 * `exception`, anything else as `unexpected-response`.
 */
export function readBody<E = SourceEvent>(
  response: Response,
  reader: (emit: (event: E | SourceEvent | typeof END) => void) => BodyReader,
): Observable<E | SourceEvent> {
  return new Observable((subscriber) => {
    const fail = (cause: unknown) =>
      subscriber.error(
        fault(
          cause,
          'unexpected-response',
          DEV &&
            `Response from "${redactUrl(response.url)}" not read. Check that \`backend\` names the kind of server.`,
        ),
      )
    const body = reader(emitTo(subscriber))
    let started = false
    return chunks(response).subscribe({
      next(chunk) {
        started = true
        subscriber.next(ALIVE)
        try {
          body.feed(chunk)
        } catch (cause) {
          fail(cause)
        }
      },
      error: (error: unknown) => subscriber.error(error),
      complete() {
        try {
          if (!started && response.body && Number(response.headers.get('content-length')) > 0)
            throw truncatedResponse(response.url)
          body.end()
          subscriber.complete()
        } catch (cause) {
          fail(cause)
        }
      },
    })
  })
}

/**
 * The error for a response whose head was cut. Without TLS, Chromium takes such a head for a whole one and reports an empty
 * body, so an empty body without `Content-Length: 0` counts as cut.
 */
export const truncatedResponse = (url: string): PushError =>
  new PushError('connection-lost', DEV && `Response from "${redactUrl(url)}" is incomplete: its headers were cut.`)

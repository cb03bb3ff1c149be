import { Observable, catchError, from, mergeMap, of, throwError } from 'rxjs'
import { END, type AnswerReader, type Emit } from './dialects/dialect.ts'
import type { Verdict } from './dialects/verdict.ts'
import { DEV } from './dev.ts'
import { PushError } from './errors.ts'
import { ALIVE, type SourceEvent } from './event.ts'
import { reason, shown } from './in-words.ts'
import { nextTurn } from './next-turn.ts'

export interface HttpRequest {
  url: string
  headers?: Readonly<Record<string, string>>
  /** @default 'GET' */
  method?: string
  body?: BodyInit
  /** @default 'same-origin' */
  credentials?: RequestCredentials
}

/**
 * `fetch` as a cold Observable: a subscription is one request, unsubscribing aborts it and its body. Never answered
 * from a cache, nor kept in one: what a cache answers, the server did not say. Errors with `unreachable`.
 *
 * @param read What to make of the answer; the request lives until that completes.
 * @see https://fetch.spec.whatwg.org/
 */
export function request<T>(
  { url, headers = {}, method = 'GET', body, credentials = 'same-origin' }: HttpRequest,
  read: (response: Response) => Observable<T>,
): Observable<T> {
  return new Observable<T>((subscriber) => {
    const abort = new AbortController()
    const answer = fetch(url, {
      method,
      headers,
      credentials,
      cache: 'no-store',
      signal: abort.signal,
      ...(body !== undefined && { body }),
    })
    const unreachable = (cause: unknown) =>
      throwError(() => new PushError('unreachable', `${shown(url)} cannot be reached: ${reason(cause)}`, { cause }))
    const subscription = from(answer).pipe(catchError(unreachable), mergeMap(read)).subscribe(subscriber)
    return () => {
      subscription.unsubscribe()
      abort.abort()
    }
  })
}

/** How many bytes of an answer are taken at once: what they cause is one piece of work for the page. */
const MOST_AT_ONCE = 16_384

/** How long the page is kept by what arrived already, in ms: a good part of a frame is left for what it causes. */
const BUSY = 4

/**
 * The body of an answer, chunk by chunk. What arrives faster than it is worked off leaves the page its turns, and waits
 * with the server meanwhile. Errors with `lost` when it breaks off.
 */
export function chunks(response: Response): Observable<Uint8Array> {
  return new Observable((subscriber) => {
    const reader = response.body?.getReader()
    const pull = async (): Promise<void> => {
      let since = performance.now()
      while (reader && !subscriber.closed) {
        const { done, value } = await reader.read()
        if (done) break
        for (let at = 0; at < value.length && !subscriber.closed; at += MOST_AT_ONCE) {
          subscriber.next(value.subarray(at, at + MOST_AT_ONCE))
          if (performance.now() - since < BUSY) continue
          // A chunk that is there already is read without a turn of the event loop in between.
          await nextTurn()
          since = performance.now()
        }
      }
      subscriber.complete()
    }
    pull().catch((cause: unknown) =>
      subscriber.error(new PushError('lost', `${shown(response.url)} broke off: ${reason(cause)}`, { cause })),
    )
    // A broken answer cannot be cancelled, and need not be.
    return () => void reader?.cancel().catch(() => {})
  })
}

/**
 * The events that a reader makes of an answer's body, every chunk a sign of life. Errors with what the reader throws,
 * or with `unexpected-answer` where that is no `PushError`.
 */
export function readBody(response: Response, reader: (emit: Emit) => AnswerReader): Observable<SourceEvent> {
  return new Observable((subscriber) => {
    const guarded = (step: () => void) => {
      try {
        step()
      } catch (cause) {
        subscriber.error(
          cause instanceof PushError
            ? cause
            : new PushError('unexpected-answer', `${shown(response.url)} cannot be read: ${reason(cause)}`, { cause }),
        )
      }
    }
    const body = reader((event) => (event === END ? subscriber.complete() : subscriber.next(event)))
    let begun = false
    return chunks(response).subscribe({
      next: (chunk) =>
        guarded(() => {
          begun = true
          subscriber.next(ALIVE)
          body.feed(chunk)
        }),
      error: (error: unknown) => subscriber.error(error),
      complete: () =>
        guarded(() => {
          if (!begun && response.body && Number(response.headers.get('content-length')) > 0)
            throw headless(response.url)
          body.end()
          subscriber.complete()
        }),
    })
  })
}

/**
 * Without TLS, Chromium takes a head that was cut for a whole one, and its body for empty. What is empty and does not say
 * so was cut.
 */
export const headless = (url: string) => new PushError('lost', DEV && `${shown(url)} broke off in its head`)

/** An answer that is not accepted, as the error that says so, with the server's own first line. */
export function refusal(
  response: Response,
  verdict: keyof typeof REFUSALS,
  url: string = response.url,
): Observable<never> {
  return from(response.text()).pipe(
    catchError(() => of('')),
    mergeMap((body) => {
      const said = body.split('\n', 1)[0]?.slice(0, 200)
      const message = `${shown(url)} answered ${response.status}${said ? `: ${said}` : ''}`
      const details = { status: response.status, retryAfter: retryAfter(response.headers.get('retry-after')) }
      return throwError(() => new PushError(REFUSALS[verdict], message, details))
    }),
  )
}

const REFUSALS = {
  again: 'unexpected-answer',
  retry: 'unavailable',
  gap: 'cursor-lost',
  final: 'refused',
} as const satisfies Record<Exclude<Verdict, 'accept' | 'end'>, string>

/** `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, in ms. */
function retryAfter(value: string | null): number | undefined {
  if (value === null) return undefined
  const delay = /^\s*\d+\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(delay) ? undefined : Math.max(0, delay)
}

import {
  EMPTY,
  Observable,
  catchError,
  from,
  last,
  map,
  mergeMap,
  scan,
  takeUntil,
  takeWhile,
  throwError,
  type SchedulerLike,
} from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import { checkRequest } from './check-request.ts'
import { END, type ResponseHead, type ResponseReader, type Emit } from '../backends/backend.ts'
import type { Verdict } from '../backends/verdict.ts'
import { DEV } from '../internal/dev.ts'
import { PushError, fault, rejectionCode } from '../errors.ts'
import { ALIVE, type SourceEvent } from '../events.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'
import { nextTurn } from './yield-to-event-loop.ts'
import { after, hostScheduler } from '../internal/time.ts'

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
 * from a cache, nor kept in one: what a cache answers, the server did not say. Errors with `network-error`, and with
 * `invalid-request` where no such request can be made.
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
    const init = {
      method,
      headers: byName(headers),
      credentials,
      cache: 'no-store' as const,
      signal: abort.signal,
      ...(body !== undefined && { body }),
    }
    checkRequest(url, init)
    const answer = fetch(url, init)
    const unreachable = (cause: unknown) =>
      throwError(
        () => new PushError('network-error', `${redactUrl(url)} cannot be reached: ${errorMessage(cause)}`, { cause }),
      )
    const subscription = from(answer).pipe(catchError(unreachable), mergeMap(read)).subscribe(subscriber)
    return () => {
      subscription.unsubscribe()
      abort.abort()
    }
  })
}

/** Header fields by lower-case name. Of names that differ in case alone the last counts; a host would send both. */
export const byName = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

/** How many bytes of an answer are taken at once: what they cause is one piece of work for the page. */
const MOST_AT_ONCE = 16_384

/** How long the page is kept by what arrived already, in ms: a good part of a frame is left for what it causes. */
const BUSY = 4

/**
 * The body of an answer, chunk by chunk. What arrives faster than it is worked off leaves the page its turns, and waits
 * with the server meanwhile. Errors with `connection-lost` when it breaks off.
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
      subscriber.error(
        new PushError('connection-lost', `${redactUrl(response.url)} broke off: ${errorMessage(cause)}`, { cause }),
      ),
    )
    // A broken answer cannot be cancelled, and need not be.
    return () => void reader?.cancel().catch(() => {})
  })
}

/**
 * The events that a reader makes of an answer's body, every chunk a sign of life. Errors with what the reader throws,
 * or with `unexpected-response` where that is not a `PushError`, and not a mistake in code.
 */
export function readBody(response: Response, reader: (emit: Emit) => ResponseReader): Observable<SourceEvent> {
  return new Observable((subscriber) => {
    const guarded = (step: () => void) => {
      try {
        step()
      } catch (cause) {
        subscriber.error(fault(cause, 'unexpected-response', `${redactUrl(response.url)} cannot be read`))
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
            throw truncatedResponse(response.url)
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
export const truncatedResponse = (url: string) =>
  new PushError('connection-lost', DEV && `${redactUrl(url)} broke off in its head`)

/** How much of a refusal's body is read for its first line, in characters. */
export const LONGEST_LINE = 4_096

/** How long the first line of a refusal's body is waited for, in ms: the status decides, and the line only explains. */
export const REFUSAL_BODY_WITHIN = 250

/** The first line of a body, as far as it came in time: it may be endless, break off or stop. */
const firstLine = (response: Response, scheduler: SchedulerLike): Observable<string> => {
  const utf8 = new TextDecoder()
  return chunks(response).pipe(
    takeUntil(after(REFUSAL_BODY_WITHIN, scheduler)),
    catchError(() => EMPTY),
    scan((text, chunk) => text + utf8.decode(chunk, { stream: true }), ''),
    takeWhile((text) => text.length < LONGEST_LINE && !text.includes('\n'), true),
    last(undefined, ''),
    map((text) => text.split('\n', 1)[0]?.slice(0, 200) ?? ''),
  )
}

/** An accepted answer that is of another media type than what can be read. */
export const unexpected = (
  { status, headers }: ResponseHead,
  expected: string | undefined,
  url: string,
): Observable<never> => {
  const type = mediaType(headers.get('content-type'))
  const page = type.endsWith('html') ? ' A captive portal, a login or a fallback for unknown URLs answers so.' : ''
  const said =
    DEV &&
    `Unexpected response from ${redactUrl(url)}: ${status} with ${type || 'no content type'}, expected ${expected}.${page} Check the URL and the backend.`
  return throwError(() => new PushError('unexpected-response', said, { status }))
}

/**
 * An answer that is not accepted, as the error that says so, with the server's own first line. A body that does not come,
 * or does not end, holds it up for no more than `REFUSAL_BODY_WITHIN`.
 */
export function refusal(
  response: Response,
  verdict: Exclude<Verdict, 'accept' | 'end'>,
  { url = response.url, scheduler = hostScheduler }: { url?: string; scheduler?: SchedulerLike } = {},
): Observable<never> {
  return firstLine(response, scheduler).pipe(
    mergeMap((said) => {
      const message = `${redactUrl(url)} answered ${response.status}${said ? `: ${said}` : ''}`
      const details = { status: response.status, retryAfter: retryAfter(response) }
      const code = verdict === 'final' ? rejectionCode(response.status) : REFUSALS[verdict]
      return throwError(() => new PushError(code, message, details))
    }),
  )
}

const REFUSALS = {
  again: 'unexpected-response',
  retry: 'unavailable',
  gap: 'cursor-lost',
} as const satisfies Record<Exclude<Verdict, 'accept' | 'end' | 'final'>, string>

/**
 * `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, in ms. A date is by the server's clock, which
 * the response's own `Date` tells; where a page may not read that, by this machine's.
 */
function retryAfter({ headers }: Response): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  const seconds = /^\s*\d+\s*$/.test(value) ? Number(value) : NaN
  const sent = Date.parse(headers.get('date') ?? '')
  const delay = Number.isNaN(seconds) ? Date.parse(value) - (Number.isNaN(sent) ? Date.now() : sent) : seconds * 1_000
  return Number.isNaN(delay) ? undefined : Math.max(0, delay)
}

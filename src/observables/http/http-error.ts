import {
  EMPTY,
  catchError,
  last,
  map,
  mergeMap,
  scan,
  takeUntil,
  takeWhile,
  throwError,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import type { ResponseHead } from '../backends/backend.ts'
import type { Verdict } from '../backends/verdict.ts'
import { DEV } from '../internal/dev.ts'
import { PushError, rejectionCode, type PushErrorCode } from '../errors.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { after, hostScheduler } from '../internal/time.ts'
import { chunks } from './read-body.ts'

/** How much of a rejection's body is read for its first line, in characters. */
export const MAX_ERROR_LENGTH = 4_096

/** How long a rejection's body is read, in ms. The status decides; the first line of the body only explains. */
export const ERROR_BODY_TIMEOUT = 250

const ERROR_CODES = {
  accept: 'unexpected-response',
  again: 'unexpected-response',
  retry: 'unavailable',
  gap: 'cursor-lost',
} as const satisfies Partial<Record<Verdict, PushErrorCode>>

/**
 * Ends a connection whose response was not accepted: completes if the verdict is `end`, and errors otherwise.
 * The error quotes the first line of the body, for which it waits 250 ms at most.
 */
export function rejectedResponse(
  response: Response,
  verdict: Verdict,
  { url = response.url, scheduler = hostScheduler }: { url?: string; scheduler?: SchedulerLike } = {},
): Observable<never> {
  if (verdict === 'end') return EMPTY
  return firstLine(response, scheduler).pipe(
    mergeMap((line) => {
      const { status } = response
      const message = `Request to "${redactUrl(url)}" failed with status ${status}${line && `: "${line}"`}.`
      const code = verdict === 'final' ? rejectionCode(status) : ERROR_CODES[verdict]
      return throwError(() => new PushError(code, message, { status, retryAfter: retryAfter(response) }))
    }),
  )
}

/** Errors with `unexpected-response`, for an accepted response of a media type that cannot be read. */
export function unexpectedResponse(
  { status, headers }: ResponseHead,
  expected: string | false | undefined,
  url: string,
): Observable<never> {
  const message =
    DEV &&
    `Unexpected response from "${redactUrl(url)}": ${status} with ${describeType(headers)}, expected ${expected}.${pageAdvice(headers)} Check the URL and the backend.`
  return throwError(() => new PushError('unexpected-response', message, { status }))
}

const describeType = (headers: Headers): string => mediaType(headers.get('content-type')) || 'no content type'

const pageAdvice = (headers: Headers): string =>
  describeType(headers).endsWith('html')
    ? ' It may be from a captive portal, a login or a fallback for unknown URLs.'
    : ''

/** Emits the first line of a body, as far as it arrived in time: a body may be endless, stall or break off. */
function firstLine(response: Response, scheduler: SchedulerLike): Observable<string> {
  const utf8 = new TextDecoder()
  return chunks(response).pipe(
    takeUntil(after(ERROR_BODY_TIMEOUT, scheduler)),
    catchError(() => EMPTY),
    scan((text, chunk) => text + utf8.decode(chunk, { stream: true }), ''),
    takeWhile((text) => text.length < MAX_ERROR_LENGTH && !text.includes('\n'), true),
    last(undefined, ''),
    map((text) => text.split('\n', 1)[0]?.slice(0, 200) ?? ''),
  )
}

/**
 * Reads `Retry-After` (RFC 9110 section 10.2.3), seconds or a date, in ms. A date is compared with the response's own
 * `Date`, because the server's clock may differ; where CORS hides that, with this machine's clock.
 */
function retryAfter({ headers }: Response): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1_000
  const sentAt = Date.parse(headers.get('date') ?? '')
  const delay = Date.parse(value) - (Number.isNaN(sentAt) ? Date.now() : sentAt)
  return Number.isNaN(delay) ? undefined : Math.max(0, delay)
}

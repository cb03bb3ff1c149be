import { DEV } from '../internal/dev.ts'
import { Observable, catchError, from, mergeMap, throwError } from 'rxjs'
import { checkRequest } from './check-request.ts'
import { PushError } from '../errors.ts'
import { errorMessage, redactUrl } from '../internal/redact-url.ts'

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
 * `fetch` as a cold Observable: each subscription sends one request, and unsubscribing aborts it and its body. The
 * browser's HTTP cache is neither read nor written.
 *
 * Errors with `network-error` if no response arrives, and with `invalid-request` or `headers-unsupported` if the
 * request cannot be sent.
 *
 * @param read Reads the response. The request is aborted when the returned Observable completes.
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
    const unreachable = (cause: unknown) =>
      throwError(
        () =>
          new PushError('network-error', DEV && `Request to "${redactUrl(url)}" failed: ${errorMessage(cause)}.`, {
            cause,
          }),
      )
    const subscription = from(fetch(url, init)).pipe(catchError(unreachable), mergeMap(read)).subscribe(subscriber)
    return () => {
      subscription.unsubscribe()
      abort.abort()
    }
  })
}

/** Returns headers by lower-case name. `Headers` would join two names that differ in case alone; here the last one wins. */
export const byName = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))

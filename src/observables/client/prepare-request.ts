import { catchError, defer, from, of, tap, throwError, type Observable, type SchedulerLike } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { rejection } from '../errors.ts'
import { expiringValue } from './expiring-value.ts'

/** The additions of `prepareRequest` to a request. */
export interface RequestInitPatch {
  headers?: Record<string, string>
  /** Parameters for the URL's query. All techniques support them. */
  query?: Record<string, string>
  /** WebSocket subprotocols, offered after the backend's own. Some servers expect a token here. */
  subprotocols?: readonly string[]
  /**
   * When the result expires, in ms since the epoch. Before that, `prepareRequest` runs again, and the client reconnects
   * from its cursor without an event. `fallback`, also with one technique, opens the new connection before it closes
   * the old one.
   * @default never
   */
  expiresAt?: number
}

/**
 * Returns additions to a request, for example a token that expires. It runs before every attempt, and may be async.
 *
 * @example prepareRequest: async () => ({ headers: { Authorization: `Bearer ${await freshToken()}` } })
 */
export type PrepareRequest = (attempt: {
  url: string
  attempt: number
}) => RequestInitPatch | undefined | Promise<RequestInitPatch | undefined>

/** Calls `prepareRequest`, and caches its result until shortly before it expires. */
export interface RequestPreparer {
  get(attempt: Parameters<PrepareRequest>[0]): Observable<RequestInitPatch | undefined>
  /** Drops the cached result, because the server rejected it. */
  discard(): void
}

/** Creates a preparer. A result without `expiresAt` is not cached. */
export function requestPreparer(prepare: PrepareRequest, scheduler: SchedulerLike): RequestPreparer {
  const cache = expiringValue<{ readonly url: string; readonly given: RequestInitPatch | undefined }>(scheduler)
  return {
    get: (attempt) =>
      defer(() => {
        const { present } = cache
        if (present?.url === attempt.url) return of(present.given)
        const given = prepare(attempt)
        return (given && 'then' in given ? from(given).pipe(catchError(rejected)) : of(given)).pipe(
          tap((given) => {
            const { expiresAt = 0 } = given ?? {}
            cache.keep({ url: attempt.url, given }, expiresAt)
          }),
        )
      }),
    discard: cache.discard,
  }
}

export const UNPREPARED = DEV && 'prepareRequest() failed. Correct the function.'

/** Errors with what a promise of the application rejected with. */
export const rejected = (cause: unknown): Observable<never> =>
  throwError(() => rejection(cause, 'prepare-failed', UNPREPARED))

import { catchError, defer, from, of, tap, throwError, type Observable, type SchedulerLike } from 'rxjs'
import { DEV } from '../internal/dev.ts'
import { PushError, rejection } from '../errors.ts'
import { wallTime } from '../internal/time.ts'

/** The additions of `prepareRequest` to a request. */
export interface RequestInitPatch {
  headers?: Record<string, string>
  /** Parameters for the URL's query. All techniques support them. */
  query?: Record<string, string>
  /** WebSocket subprotocols, offered after the backend's own. Some servers expect a token here. */
  subprotocols?: readonly string[]
  /**
   * When the result expires, in ms since the epoch. Before that, `prepareRequest` runs again, and the client reconnects from
   * its cursor without an event. `fallback`, also with one technique, opens the new connection before it closes the old one.
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

/** Asks `prepareRequest` for what a request needs, and keeps what it gave for as long as it is good. */
export interface RequestPreparer {
  ask(attempt: Parameters<PrepareRequest>[0]): Observable<RequestInitPatch | undefined>
  /** The server refused what was given: the next request asks again. */
  discard(): void
}

/**
 * How much of a token's life it is given again for. Less than what it is used for, because what renews it, by a timer that
 * may be early, is to get a new one.
 */
const KEPT = 0.8

/** What says no `expiresAt` is asked for each time. */
export function requestPreparer(prepare: PrepareRequest, scheduler: SchedulerLike): RequestPreparer {
  let kept: { readonly url: string; readonly given: RequestInitPatch; readonly until: number } | undefined
  return {
    ask: (attempt) =>
      defer(() => {
        if (kept?.url === attempt.url && scheduler.now() < kept.until) return of(kept.given)
        const given = prepare(attempt)
        return (given && 'then' in given ? from(given).pipe(catchError(rejected)) : of(given)).pipe(
          tap((given) => {
            checkExpires(given?.expiresAt)
            const left = (given?.expiresAt ?? 0) - wallTime(scheduler)
            kept = given && left > 0 ? { url: attempt.url, given, until: scheduler.now() + left * KEPT } : undefined
          }),
        )
      }),
    discard() {
      kept = undefined
    },
  }
}

/** Such as `Date.parse` makes of what is no date. */
function checkExpires(expires: unknown): void {
  if (expires === undefined || (typeof expires === 'number' && !Number.isNaN(expires))) return
  throw new PushError(
    'prepare-failed',
    DEV && `prepareRequest returned \`expiresAt: ${String(expires)}\`. Return ms since the epoch, or leave it out.`,
  )
}

export const UNPREPARED = DEV && 'prepareRequest failed'

const rejected = (cause: unknown): Observable<never> => throwError(() => rejection(cause, 'prepare-failed', UNPREPARED))

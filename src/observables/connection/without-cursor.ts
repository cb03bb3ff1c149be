import { catchError, defer, switchMap, take, tap, throwError, type Observable } from 'rxjs'
import type { Position } from './cursor.ts'
import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'
import type { SourceEvent } from '../events.ts'

/**
 * Connects from a cursor; without it where the cursor is what keeps the request from being answered: a preflight that the
 * server refuses (`Last-Event-ID`, `If-None-Match` and `If-Modified-Since` need one from another origin), a proxy that
 * drops the header or hangs on it, a server that fails on it. A cursor is given up only where a request without it was answered right before one with it was not:
 * an outage fails both, and costs no cursor. From then on no request of the channel carries one.
 *
 * @param connect One connection, from a cursor or without.
 */
export function orWithoutCursor(
  cursor: string | undefined,
  place: Position,
  connect: (cursor: string | undefined) => Observable<SourceEvent>,
): Observable<SourceEvent> {
  if (cursor === undefined || place.withheld) return connect(undefined)
  if (place.passed) return connect(cursor)

  const asked = (unanswered: (error: unknown) => Observable<SourceEvent>) =>
    defer(() => {
      let heard = false
      return connect(cursor).pipe(
        tap((event) => {
          heard = true
          place.passed ||= !(event.type === 'open' && event.unconfirmed)
        }),
        catchError((error: unknown) => (heard || !mayBeCursor(error) ? throwError(() => error) : unanswered(error))),
      )
    })
  return asked((error) =>
    connect(undefined).pipe(
      take(1),
      // A refusal says more than no answer.
      catchError((bare: unknown) => throwError(() => (mayBeCursor(bare) ? error : bare))),
      // The server may have come back between the two.
      switchMap(() =>
        asked(() => {
          place.withheld = true
          return connect(undefined)
        }),
      ),
    ),
  )
}

/**
 * Whether the cursor may be why a request failed. Other server errors than 500 tell of a server that is away or busy, which
 * is not asked twice.
 */
const mayBeCursor = (error: unknown): boolean =>
  error instanceof PushError &&
  (error.code === 'network-error' ||
    error.code === 'connect-timeout' ||
    (error.code === 'unavailable' && error.status === 500))

/** Statuses that refuse how a request is written, and not what it asks for: malformed, or too large. */
const MALFORMED: ReadonlySet<number | undefined> = new Set([400, 413, 414, 431])

/**
 * The error that a connection ended with: `cursor-lost` where the server refused a request as malformed or too large that
 * carried a cursor, so that the next attempt is made without it. No later request carries one either, unless one that did
 * was answered before: then it is this cursor that the server does not take.
 */
export function orCursorLost(error: PushError, place: Position): PushError {
  const { code, status, message } = error
  if (code !== 'rejected' || !MALFORMED.has(status) || place.value === undefined || place.withheld) return error
  place.withheld = !place.passed
  place.owed = 'not-resumed'
  return new PushError('cursor-lost', DEV && `The server refused the cursor: ${message}`, { cause: error, status })
}

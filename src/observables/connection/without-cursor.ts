import { catchError, defer, switchMap, take, tap, throwError, type Observable } from 'rxjs'
import type { Position } from './cursor.ts'
import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'
import type { SourceEvent } from '../events.ts'

/**
 * Connects from a cursor, and without one if the cursor is the reason why requests get no response. Possible reasons:
 * - The server rejects the preflight. From another origin, `Last-Event-ID`, `If-None-Match` and `If-Modified-Since` need one.
 * - A proxy drops the header, or does not respond to it.
 * - The server fails to read the cursor.
 *
 * An attempt shows this if a request with the cursor gets no response, one without it gets one, and another with it gets none.
 * In an outage all fail, and the cursor is kept.
 *
 * The client gives the cursor up only if two attempts in a row show it, and no request with the cursor got a response in between:
 * on a bad network, one attempt may show it by chance. Afterwards no request of the channel has a cursor.
 *
 * @param connect Opens one connection, with or without a cursor.
 * @param learn Called with the facts that responses show about the server.
 */
export function orWithoutCursor(
  cursor: string | undefined,
  { withheld, passed }: Position,
  connect: (cursor: string | undefined) => Observable<SourceEvent>,
  learn: (known: Pick<Position, 'withheld' | 'passed'>) => void,
): Observable<SourceEvent> {
  if (cursor === undefined || withheld) return connect(undefined)
  if (passed) return connect(cursor)

  const withCursor = (onNoResponse: (error: unknown) => Observable<SourceEvent>) =>
    defer(() => {
      let receivedEvent = false
      let responded = false
      return connect(cursor).pipe(
        tap((event) => {
          receivedEvent = true
          if (responded || (event.type === 'open' && event.unconfirmed)) return
          responded = true
          learn({ passed: true })
        }),
        catchError((error: unknown) =>
          receivedEvent || !mayBeCursor(error) ? throwError(() => error) : onNoResponse(error),
        ),
      )
    })
  return withCursor((error) =>
    connect(undefined).pipe(
      take(1),
      // A rejection is more precise than a missing response.
      catchError((bare: unknown) => throwError(() => (mayBeCursor(bare) ? error : bare))),
      // The server may have become available between the two requests.
      switchMap(() =>
        withCursor((again) => {
          const shownBefore = withheld === false
          learn({ withheld: shownBefore })
          return shownBefore ? connect(undefined) : throwError(() => again)
        }),
      ),
    ),
  )
}

/**
 * Returns whether the cursor may be why a request failed. Server errors other than 500 mean that the server is down or busy,
 * so it does not get a second request.
 */
const mayBeCursor = (error: unknown): boolean =>
  error instanceof PushError &&
  (error.code === 'network-error' ||
    error.code === 'connect-timeout' ||
    (error.code === 'unavailable' && error.status === 500))

/** The statuses for a request that is malformed or too large. */
const MALFORMED: ReadonlySet<number | undefined> = new Set([400, 413, 414, 431])

/**
 * Returns `cursor-lost` if a server rejected a request with a cursor as malformed or too large. The next request has no
 * cursor. Otherwise returns the error itself.
 */
export function rejectedCursor(error: PushError, { value, withheld }: Position): PushError {
  const { code, status, message } = error
  if (code !== 'rejected' || !MALFORMED.has(status) || value === undefined || withheld) return error
  return new PushError(
    'cursor-lost',
    DEV && `The server rejected the cursor: ${message} The client continues without it.`,
    { cause: error, status },
  )
}

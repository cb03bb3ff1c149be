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
 * @param learn Called with what the responses show of the server.
 */
export function orWithoutCursor(
  cursor: string | undefined,
  { withheld, passed }: Position,
  connect: (cursor: string | undefined) => Observable<SourceEvent>,
  learn: (known: Pick<Position, 'withheld' | 'passed'>) => void,
): Observable<SourceEvent> {
  if (cursor === undefined || withheld) return connect(undefined)
  if (passed) return connect(cursor)

  const asked = (unanswered: (error: unknown) => Observable<SourceEvent>) =>
    defer(() => {
      let heard = false
      let answered = false
      return connect(cursor).pipe(
        tap((event) => {
          heard = true
          if (answered || (event.type === 'open' && event.unconfirmed)) return
          answered = true
          learn({ passed: true })
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
          learn({ withheld: true })
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
 * Returns the error of a server that rejected a request with a cursor as malformed or too large; undefined: the rejection
 * is not about the cursor. The next request is made without a cursor.
 */
export function refusedCursor(error: PushError, { value, withheld }: Position): PushError | undefined {
  const { code, status, message } = error
  if (code !== 'rejected' || !MALFORMED.has(status) || value === undefined || withheld) return undefined
  return new PushError('cursor-lost', DEV && `The server refused the cursor: ${message}`, { cause: error, status })
}

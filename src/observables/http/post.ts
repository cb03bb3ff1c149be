import {
  EMPTY,
  catchError,
  endWith,
  firstValueFrom,
  fromEvent,
  ignoreElements,
  map,
  mergeMap,
  of,
  take,
  takeUntil,
  throwError,
  type Observable,
} from 'rxjs'
import { mediaType } from '../../wire/media-type.ts'
import type { Backend, PostTarget } from '../backends/backend.ts'
import { PushError } from '../errors.ts'
import type { Payload } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { rejectedResponse, unexpectedResponse } from './http-error.ts'
import { chunks } from './read-body.ts'
import { request } from './request.ts'
import { after } from '../internal/time.ts'

/** How long the rest of an accepted response is read, in ms, so that its connection can be used again. */
const DRAIN_TIMEOUT = 1_000

/**
 * Sends a message by HTTP POST, for techniques that only receive. Resolves when the server accepted it, and gives up when
 * the target's `signal` aborts. Rejects with `send-rejected` if the server rejects it, and with `network-error`.
 *
 * @see RFC 9110 section 9.3.3
 */
export const post: NonNullable<Backend['post']> = (target$, data) =>
  firstValueFrom(
    target$.pipe(
      take(1),
      mergeMap((target) => postTo(target, data)),
    ),
  )

function postTo({ url, headers, credentials, signal, scheduler }: PostTarget, data: Payload): Observable<void> {
  const type = typeof data === 'string' ? 'text/plain' : 'application/octet-stream'
  const message = {
    url,
    headers: { 'Content-Type': type, ...headers },
    credentials,
    method: 'POST',
    body: data as BodyInit,
  }
  const accepted = (response: Response) =>
    mediaType(response.headers.get('content-type')) === 'text/html'
      ? unexpectedResponse(response, DEV && 'a response to a POST', url)
      : chunks(response).pipe(
          ignoreElements(),
          takeUntil(after(DRAIN_TIMEOUT, scheduler)),
          // The message was accepted, even if the rest of the response is lost.
          catchError(() => EMPTY),
          endWith(undefined),
        )
  const rejected = (response: Response) =>
    rejectedResponse(response, 'final', { url, scheduler }).pipe(
      catchError(({ message: text, status, retryAfter }: PushError) =>
        throwError(() => new PushError('send-rejected', text, { status, retryAfter })),
      ),
    )
  return request(message, (response) => (response.ok ? accepted(response) : rejected(response))).pipe(
    // `prepareRequest` may resolve after the signal has aborted.
    takeUntil(signal.aborted ? of(signal) : fromEvent(signal, 'abort')),
    map(() => {}),
  )
}

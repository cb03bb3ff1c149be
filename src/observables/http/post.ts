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
import { chunks, refusal, request, unexpected } from './request.ts'
import { after } from '../internal/time.ts'

/** How long the rest of an accepted response is read, in ms, so that its connection can be used again. */
const DRAIN_TIMEOUT = 1_000

/**
 * Sends a message by HTTP POST, for techniques that only receive. Resolves when the server accepted it. Rejects with
 * `send-rejected` where it said no, and with `network-error`. The target's `signal` gives it up.
 */
export const post: NonNullable<Backend['post']> = (target$, data) =>
  firstValueFrom(
    target$.pipe(
      take(1),
      mergeMap((target) => posted(target, data)),
    ),
  )

function posted({ url, headers, credentials, signal, scheduler }: PostTarget, data: Payload): Observable<void> {
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
      ? unexpected(response, 'the answer to a POST', url)
      : chunks(response).pipe(
          ignoreElements(),
          takeUntil(after(DRAIN_TIMEOUT, scheduler)),
          // It was accepted, whatever becomes of the rest.
          catchError(() => EMPTY),
          endWith(undefined),
        )
  const refused = (response: Response) =>
    refusal(response, 'final', { url, scheduler }).pipe(
      catchError(({ message: said, status, retryAfter }: PushError) =>
        throwError(() => new PushError('send-rejected', said, { status, retryAfter })),
      ),
    )
  return request(message, (response) => (response.ok ? accepted(response) : refused(response))).pipe(
    // Of what was given up before, `prepareRequest` may have come late.
    takeUntil(signal.aborted ? of(signal) : fromEvent(signal, 'abort')),
    map(() => {}),
  )
}

import { firstValueFrom, from, map, throwError, catchError } from 'rxjs'
import type { Dialect } from './dialects/dialect.ts'
import { PushError } from './errors.ts'
import { refusal, request } from './request.ts'

/**
 * Sends a message by HTTP POST, for techniques that only receive. Resolves when the server took it; rejects with
 * `send-refused` where it said no, and with `unreachable`.
 */
export const post: NonNullable<Dialect['post']> = ({ url, headers, credentials }, body) =>
  firstValueFrom(
    request<void>(
      {
        url,
        method: 'POST',
        headers: { 'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/octet-stream', ...headers },
        body: body as BodyInit,
        credentials,
      },
      (response) =>
        response.ok
          ? // Read to its end, so that the connection can be used again.
            from(response.arrayBuffer()).pipe(map(() => {}))
          : refusal(response, 'final').pipe(
              catchError(({ message, status, retryAfter }: PushError) =>
                throwError(() => new PushError('send-refused', message, { status, retryAfter })),
              ),
            ),
    ),
  )

import { catchError, firstValueFrom, from, map, mergeMap, throwError } from 'rxjs'
import type { Dialect } from './dialects/dialect.ts'
import { PushError } from './errors.ts'
import { passing } from './held-connections.ts'
import { refusal, request } from './request.ts'

/**
 * Sends a message by HTTP POST, for techniques that only receive. Resolves when the server took it; rejects with
 * `send-refused` where it said no, and with `unreachable`.
 */
export const post: NonNullable<Dialect['post']> = (target$, data) =>
  firstValueFrom(
    target$.pipe(
      mergeMap(({ url, headers, credentials, held }) => {
        const type = typeof data === 'string' ? 'text/plain' : 'application/octet-stream'
        const message = {
          url,
          headers: { 'Content-Type': type, ...headers },
          credentials,
          method: 'POST',
          body: data as BodyInit,
        }
        const posted = request<void>(message, (response) =>
          response.ok
            ? // Read to its end, so that the connection can be used again.
              from(response.arrayBuffer()).pipe(map(() => {}))
            : refusal(response, 'final').pipe(
                catchError(({ message: said, status, retryAfter }: PushError) =>
                  throwError(() => new PushError('send-refused', said, { status, retryAfter })),
                ),
              ),
        )
        return passing({ url, held }, 'post', posted)
      }),
    ),
  )

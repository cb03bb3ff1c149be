import { catchError, firstValueFrom, from, map, mergeMap, throwError, type Observable } from 'rxjs'
import type { Dialect } from './dialects/dialect.ts'
import { PushError } from './errors.ts'
import type { Payload } from './event.ts'
import type { Handover } from './outbox.ts'
import { refusal, request } from './request.ts'

export interface PostOptions {
  spell: NonNullable<Dialect['post']>
  dialect: Dialect
  credentials: RequestCredentials
  /** Address and headers, prepared anew for each message. */
  prepared: Observable<{ url: string; headers: Record<string, string> }>
}

/** Sends by HTTP, for techniques that only receive. Rejects with `send-refused` where the server says no. */
export function post({ spell, dialect, credentials, prepared }: PostOptions): Handover {
  return (data: Payload) =>
    firstValueFrom<void, void>(
      prepared.pipe(
        mergeMap((target) => {
          const { url, headers, body } = spell(target.url, data)
          const message = { url, method: 'POST', headers: { ...headers, ...target.headers }, body: body as BodyInit, credentials }
          return request<void>(message, (response) => {
            const verdict = dialect.verdict(response.status, response.headers)
            // Read to its end, so that the connection can be used again.
            if (verdict === 'accept') return from(response.arrayBuffer()).pipe(map((): void => {}))
            return refusal(response, verdict === 'end' ? 'final' : verdict).pipe(refused)
          })
        }),
      ),
      { defaultValue: undefined },
    )
}

/** Whatever the status means for a connection, this message was not taken. */
const refused = (source: Observable<never>): Observable<never> =>
  source.pipe(
    catchError((cause: PushError) =>
      throwError(() => new PushError('send-refused', cause.message, { cause, status: cause.status, retryAfter: cause.retryAfter })),
    ),
  )

import { catchError, defer, finalize, from, map, of, share, tap, type Observable, type SchedulerLike } from 'rxjs'
import { checkOption, wrongOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import type { Backend } from '../backends/backend.ts'
import { sharesConnection } from '../session/conversation-backend.ts'
import type { CarriedToken } from '../http/with-token.ts'
import { expiringValue } from './expiring-value.ts'
import { rejected } from './prepare-request.ts'

/** A token, and when it expires. */
export interface AuthToken {
  token: string
  /** When the token expires, in ms since the epoch. @default the `exp` of a JSON Web Token; otherwise never */
  expiresAt?: number | undefined
}

/**
 * How the client identifies the user, with every technique.
 *
 * @example createPushClient({ technique: sse(), auth: { token: () => session.freshToken() } })
 */
export interface AuthOptions {
  /**
   * Returns the token. It is called once for all channels, and again when the token expires or the server rejects it
   * (401, 403, close 4401, ...). If it throws or rejects, the attempt fails with `prepare-failed` and is retried.
   */
  token: () => string | AuthToken | Promise<string | AuthToken>
  /**
   * The header of the token, if the technique can send headers. In `Authorization` the token follows `Bearer`.
   * @default 'Authorization'
   */
  header?: string
  /**
   * The query parameter of the token, if the technique cannot send headers (WebSocket, EventSource, iframe). A backend with
   * a `hello` sends the token there instead, unless this option is set.
   * @default 'access_token', as in RFC 6750
   */
  queryParam?: string
}

/** The token of a request, and when it expires, in ms since the epoch. */
export interface RequestToken extends CarriedToken {
  readonly expiresAt: number | undefined
}

/** Requests the token, and keeps it until it expires. */
export interface TokenSource {
  get(): Observable<RequestToken | undefined>
  /** The server rejected this token, so the next request gets another one. */
  discard(token: CarriedToken | undefined): void
}

/**
 * Creates the token source of a client. Simultaneous requests share one call.
 *
 * @throws PushError `invalid-option` if `auth.token` is not a function.
 */
export function tokenSource(
  auth: AuthOptions | undefined,
  backend: Backend | undefined,
  scheduler: SchedulerLike,
): TokenSource {
  if (!auth) return { get: () => of(undefined), discard: () => {} }
  const { token } = auth
  if (process.env.NODE_ENV !== 'production')
    checkOption(
      typeof token === 'function',
      wrongOption('auth.token', 'createPushClient', token, 'Give a function that returns the token.'),
    )
  const cache = expiringValue<RequestToken>(scheduler)
  let pending$: Observable<RequestToken> | undefined
  return {
    get: () =>
      defer(() => {
        const { present } = cache
        if (present) return of(present)
        return (pending$ ??= defer(() => from(Promise.resolve(token())).pipe(catchError(rejected))).pipe(
          map((given) => carried(checked(given), auth, backend)),
          tap((given) => cache.keep(given, given.expiresAt ?? Infinity)),
          finalize(() => (pending$ = undefined)),
          share(),
        ))
      }),
    discard(used) {
      if (cache.present?.value === used?.value) cache.discard()
    },
  }
}

/** Checks what `auth.token` returned. @throws PushError `prepare-failed` if it is not a token. */
function checked(given: unknown): Required<AuthToken> {
  const { token, expiresAt } =
    typeof given === 'object' && given !== null ? (given as Partial<AuthToken>) : { token: given }
  if (typeof token !== 'string' || token === '')
    throw new PushError(
      'prepare-failed',
      DEV &&
        'Token missing: `auth.token` returned neither a string nor { token }. Return the token, or throw if there is none.',
    )
  // A server may write a token that never expires as JSON, which has `null` only.
  return { token, expiresAt: expiresAt ?? expiryOf(token) }
}

/** Returns when a JSON Web Token (RFC 7519) expires, in ms since the epoch, or undefined for any other token. */
function expiryOf(token: string): number | undefined {
  const [, payload, signature] = token.split('.')
  if (payload === undefined || signature === undefined) return undefined
  try {
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown }
    return typeof exp === 'number' ? exp * 1_000 : undefined
  } catch {
    return undefined
  }
}

/**
 * Returns a token with its header and query parameter. A request uses the header if it can send one. A backend with a
 * conversation sends the token in its hello, and in a URL only if `queryParam` is set.
 */
const carried = (
  { token: value, expiresAt }: Required<AuthToken>,
  { header = 'Authorization', queryParam }: AuthOptions,
  backend: Backend | undefined,
): RequestToken => {
  const inHello = sharesConnection(backend) && backend.tokenInHello
  return {
    value,
    expiresAt,
    header: inHello ? undefined : [header, header.toLowerCase() === 'authorization' ? `Bearer ${value}` : value],
    queryParam: queryParam ?? (inHello ? undefined : 'access_token'),
  }
}

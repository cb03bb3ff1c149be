import { catchError, defer, fromEvent, map, takeUntil, throwError, zip, type Observable } from 'rxjs'
import { AUTH_STATUSES, PushError, fault, type PushErrorCode } from '../errors.ts'
import type { Payload } from '../events.ts'
import { withQuery } from '../http/query.ts'
import { withToken } from '../http/with-token.ts'
import { DEV } from '../internal/dev.ts'
import type { ConnectionCredentials } from '../session/token-renewal.ts'
import type { PushRequest } from '../techniques/technique.ts'
import type { RequestToken } from './auth.ts'
import { UNPREPARED, requestPreparer } from './prepare-request.ts'
import type { ClientScope } from './client-scope.ts'

/** Where to connect, and with what. */
type Prepared = Pick<PushRequest, 'url' | 'headers' | 'subprotocols' | 'expiresAt'> &
  ConnectionCredentials & { readonly token: RequestToken | undefined }

/** The requests of one channel: each with what `prepareRequest` returns, to the server in use. */
export interface ChannelRequests {
  /** Prepares a connection attempt. A failure of it may choose the next server. */
  connect(attempt: number): Observable<Prepared>
  /** Records a failed connection. `stood`: it was open first. */
  failed(error: PushError, stood: boolean): void
  /** The server rejected the user, so the next request gets another token. */
  discard(): void
  /** Sends a message by HTTP; undefined if the backend cannot. */
  readonly post:
    | ((data: Payload, signal: AbortSignal, query?: Readonly<Record<string, string>>) => Promise<void>)
    | undefined
}

/**
 * Returns the requests of the channel that the application named by `source`, a URL that may be relative.
 *
 * @param renews Whether the connection renews what expires by itself, so that no request has an `expiresAt`.
 */
export function channelRequests(
  source: string,
  { config, servers, tokens, closed }: ClientScope,
  renews: boolean,
): ChannelRequests {
  const { backend, credentials, prepareRequest = () => undefined, scheduler } = config
  const preparer = requestPreparer(prepareRequest, scheduler)
  let tried = servers.current
  /** The token of the last request. */
  let used: RequestToken | undefined

  const discard = () => {
    preparer.discard()
    tokens.discard(used)
  }

  const prepared = (attempt: number): Observable<Prepared> => {
    const address = servers.at(source, servers.current)
    return defer(() => {
      if (closed())
        throw new PushError(
          'client-closed',
          DEV && 'Client closed: its channels cannot connect. Create another client.',
        )
      return zip(preparer.get({ url: address, attempt }), tokens.get())
    }).pipe(
      map(([patch, token]) => {
        used = token
        const validUntil = earlier(patch?.expiresAt, token?.expiresAt)
        return {
          url: withQuery(address, patch?.query ?? {}),
          headers: patch?.headers ?? {},
          subprotocols: patch?.subprotocols,
          expiresAt: renews ? undefined : validUntil,
          validUntil,
          token,
        }
      }),
      catchError((cause: unknown) => throwError(() => fault(cause, 'prepare-failed', UNPREPARED))),
    )
  }

  const post: NonNullable<ChannelRequests['post']> = async (data, signal, query = {}) => {
    const target$ = prepared(0).pipe(
      // Otherwise a token function that hangs would be waited for by every later request, too.
      takeUntil(fromEvent(signal, 'abort')),
      map((prepared) => {
        const target = withToken({ sendsHeaders: true }, prepared)
        return { ...target, url: withQuery(target.url, query), credentials, signal, scheduler }
      }),
    )
    try {
      await backend?.post?.(target$, data)
    } catch (error) {
      if (error instanceof PushError && AUTH_STATUSES.has(error.status)) discard()
      throw error
    }
  }

  return {
    connect(attempt) {
      tried = servers.current
      return prepared(attempt)
    },
    failed(error, stood) {
      if (error.code === 'unauthorized') discard()
      if (UNREACHED.has(error.code) || (error.code === 'connection-lost' && !stood)) servers.leave(tried, source)
    },
    discard,
    post: backend?.post && post,
  }
}

/** The server was not reached, or does not work. */
const UNREACHED: ReadonlySet<PushErrorCode> = new Set([
  'network-error',
  'connect-timeout',
  'unavailable',
  'heartbeat-timeout',
])

const earlier = (one: number | undefined, other: number | undefined): number | undefined =>
  one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)

import { catchError, defer, map, throwError, type Observable } from 'rxjs'
import { AUTH_STATUSES, PushError, fault, type PushErrorCode } from '../errors.ts'
import type { Payload } from '../events.ts'
import { withQuery } from '../http/query.ts'
import { DEV } from '../internal/dev.ts'
import type { PushRequest } from '../techniques/technique.ts'
import type { ClientConfig } from './client-options.ts'
import { UNPREPARED, requestPreparer } from './prepare-request.ts'
import type { Bases } from './servers.ts'

/** Where to connect, and with what. */
type Prepared = Pick<PushRequest, 'url' | 'headers' | 'subprotocols' | 'expiresAt'>

/** The requests of one channel: each with what `prepareRequest` returns, to the server in use. */
export interface ChannelRequests {
  /** Prepares a connection attempt. A failure of it may choose the next server. */
  connect(attempt: number): Observable<Prepared>
  /** Takes note of a failed connection. `stood`: it was a success first. */
  failed(error: PushError, stood: boolean): void
  /** Sends a message by HTTP; undefined where the backend cannot. */
  readonly post: ((data: Payload, signal: AbortSignal) => Promise<void>) | undefined
}

/**
 * Returns the requests of the channel that the application named by `source`, a URL that may be relative.
 *
 * @param closed Whether the client was closed.
 */
export function channelRequests(
  source: string,
  { backend, credentials, prepareRequest = () => undefined, scheduler }: ClientConfig,
  servers: Bases,
  closed: () => boolean,
): ChannelRequests {
  const preparer = requestPreparer(prepareRequest, scheduler)
  let tried = servers.present

  const prepared = (attempt: number): Observable<Prepared> => {
    const address = servers.at(source, servers.present)
    return defer(() => {
      if (closed()) throw new PushError('client-closed', DEV && 'The client was closed. Create another one.')
      return preparer.ask({ url: address, attempt })
    }).pipe(
      map((patch) => ({
        url: withQuery(address, patch?.query ?? {}),
        headers: patch?.headers ?? {},
        subprotocols: patch?.subprotocols,
        expiresAt: patch?.expiresAt,
      })),
      catchError((cause: unknown) => throwError(() => fault(cause, 'prepare-failed', UNPREPARED))),
    )
  }

  const post = async (data: Payload, signal: AbortSignal) => {
    const target$ = prepared(0).pipe(map((target) => ({ ...target, credentials, signal, scheduler })))
    try {
      await backend?.post?.(target$, data)
    } catch (error) {
      if (error instanceof PushError && AUTH_STATUSES.has(error.status)) preparer.discard()
      throw error
    }
  }

  return {
    connect(attempt) {
      tried = servers.present
      return prepared(attempt)
    },
    failed(error, stood) {
      if (error.code === 'unauthorized') preparer.discard()
      if (UNREACHED.has(error.code) || (error.code === 'connection-lost' && !stood)) servers.leave(tried, source)
    },
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

import { throwError, type Observable } from 'rxjs'
import type { RetryPolicy } from '../connection/backoff.ts'
import type { Lifecycle, LifecycleSignals } from '../connection/lifecycle.ts'
import { reconnect, type ReconnectOptions } from '../connection/reconnect.ts'
import { PushError } from '../errors.ts'
import type { LinkEvent, SourceEvent } from '../events.ts'
import { withToken } from '../http/with-token.ts'
import { notCalled } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import type { Converse } from '../session/converse.ts'
import type { PushRequest, Technique } from '../techniques/technique.ts'
import { channelRequests, type ChannelRequests } from './channel-requests.ts'
import type { ClientScope } from './client-scope.ts'

/** What a client connects to. */
export interface Address {
  /** A URL as the application named it; empty: the client's `baseUrl`. */
  readonly source: string
  readonly technique: Technique
  readonly policy: RetryPolicy
  readonly disconnectWhenHidden?: number | false | undefined
  /** Whether `read` renews what expires, so that neither the technique nor the supervisor does. @default false */
  readonly renews?: boolean
}

/** The reader of a connection: its position, where to report a new one, and when to end a wait. */
export interface LinkReader extends Pick<ReconnectOptions<unknown>, 'position' | 'moved' | 'retryNow$'> {
  /**
   * Combines the signals of what shares the connection: the lifecycle's, for each of their `disconnectWhenHidden`.
   * @default those of the address
   */
  readonly signals?: (
    signalsOf: (disconnectWhenHidden: Address['disconnectWhenHidden']) => LifecycleSignals,
  ) => LifecycleSignals
}

/** Connects to one address, and posts to it. */
export interface SupervisedConnection extends Pick<ChannelRequests, 'post'> {
  /** Keeps a connection. `read` gets what each attempt emits, before the supervisor does, and what it was made with. */
  link(reader: LinkReader, read: Converse): Observable<LinkEvent>
}

/** Returns the connection of a client to one address. It connects nothing until it is linked. */
export function supervisedConnection(
  scope: ClientScope,
  { source, technique, policy, disconnectWhenHidden, renews = false }: Address,
): SupervisedConnection {
  const { config, connectionLimit, servers } = scope
  const { auth, backend, credentials, lifecycle, limits, maxMessageBytes, prepareRequest, scheduler } = config
  const requests = channelRequests(source, scope, renews)
  return {
    link({ signals = (of) => of(disconnectWhenHidden), ...reader }, read) {
      const channel = {}
      return reconnect({
        ...limits,
        ...(technique.connectTimeout && { connectTimeout: technique.connectTimeout }),
        sendsOnce: technique.sendsOnce,
        ...reader,
        policy,
        promised: backend?.heartbeat,
        continuity: backend?.continuity,
        // A pause would abort the request, and its end would send it again.
        lifecycle:
          lifecycle && !technique.method
            ? () =>
                signals((limit) =>
                  signalsOf(lifecycle, { url: servers.name(source), disconnectWhenHidden: limit, scheduler }),
                )
            : undefined,
        scheduler,
        prepare: requests.connect,
        prepares: prepareRequest !== undefined || auth !== undefined,
        failed: requests.failed,
        managesLiveness: technique.managesLiveness ?? false,
        expiresAt: ({ expiresAt }) => expiresAt,
        connect(cursor, target, { prepare: prepareAgain, ...supervision }) {
          const request = {
            ...target,
            ...supervision,
            cursor,
            credentials,
            backend,
            scheduler,
            connectionLimit,
            prepareAgain,
            channel,
            maxMessageBytes,
          }
          return read(connect(technique, request), target, (rejected) => {
            if (rejected) requests.discard()
            return prepareAgain()
          })
        },
      })
    },
    post: requests.post,
  }
}

/** One connection attempt, which errors with `unsupported` if the host lacks what the technique needs. */
const connect = (technique: Technique, request: PushRequest): Observable<SourceEvent> =>
  technique.isSupported()
    ? technique.connect(withToken(technique, request))
    : throwError(
        () =>
          new PushError(
            'unsupported',
            DEV &&
              `This host does not support ${technique.name}(). Use another technique, or give it an implementation.`,
          ),
      )

/**
 * Returns the signals of a lifecycle for one channel. In development, throws if it was not called, or returned something
 * else.
 */
function signalsOf(lifecycle: Lifecycle, channel: Parameters<Lifecycle>[0]): LifecycleSignals {
  const signals = lifecycle(channel)
  if (DEV && (typeof signals !== 'object' || (signals as unknown) === null)) throw notCalled('lifecycle', lifecycle)
  return signals
}

import { throwError, type Observable } from 'rxjs'
import type { Channel } from '../channel/channel.ts'
import type { Definition } from '../channel/define-channel.ts'
import { createChannel } from '../channel/shared-channel.ts'
import type { Lifecycle, LifecycleSignals } from '../connection/lifecycle.ts'
import { reconnect } from '../connection/reconnect.ts'
import { PushError } from '../errors.ts'
import type { SourceEvent } from '../events.ts'
import type { ConnectionLimit } from '../http/connection-limit.ts'
import { notCalled } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { droppable } from '../internal/devtools-hook.ts'
import { redactUrl } from '../internal/redact-url.ts'
import type { PushRequest, Technique } from '../techniques/technique.ts'
import { channelRequests } from './channel-requests.ts'
import { checkPolicy, checkTechnique, type ClientConfig } from './client-options.ts'
import type { Bases } from './servers.ts'

export type AnyChannel = Channel<unknown, unknown>

/** What the channels of one client share. */
export interface ClientScope {
  readonly config: ClientConfig
  readonly servers: Bases
  readonly connectionLimit: ConnectionLimit
  /** Whether the client was closed. */
  closed(): boolean
  /** Called when a channel gets its first reader, and when its last one has left. */
  active(channel: AnyChannel, now: boolean, technique: Technique, disconnectDelay: number): void
}

/**
 * Opens one channel of a client, which connects when it is read.
 *
 * @param source The URL as the application named it. `url` is the same, absolute.
 * @throws PushError `missing-technique`, `invalid-option`
 */
export function openChannel(scope: ClientScope, source: string, url: string, definition: Definition): AnyChannel {
  const { config, servers } = scope
  const { backend, credentials, lifecycle, limits, maxMessageBytes, prepareRequest, scheduler } = config
  const { maxQueuedSends, sendTimeout, warnings } = config
  const { technique = config.technique, retry = config.retry, disconnectDelay = config.disconnectDelay } = definition
  if (!technique) {
    throw new PushError(
      'missing-technique',
      DEV &&
        `No technique for ${redactUrl(url)}. Give one to the client, createPushClient({ technique: sse() }), or to the channel.`,
    )
  }
  checkPolicy(retry)
  checkTechnique(technique)
  const requests = channelRequests(source, config, servers, scope.closed)
  const channel: AnyChannel = createChannel({
    url,
    definition,
    compare: backend?.compare,
    disconnectDelay,
    maxQueuedSends,
    sendTimeout,
    maxMessageBytes,
    scheduler,
    warnings,
    explain: () => technique.explain?.(url, scheduler.now()),
    link(position, moved, retryNow$) {
      const key = {}
      return reconnect({
        ...limits,
        policy: retry,
        promised: backend?.heartbeat,
        continuity: backend?.continuity,
        position,
        moved,
        retryNow$,
        lifecycle: lifecycle ? () => signalsOf(lifecycle, { ...definition, url, scheduler }) : undefined,
        scheduler,
        prepare: requests.connect,
        prepares: prepareRequest !== undefined,
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
            connectionLimit: scope.connectionLimit,
            prepareAgain,
            channel: key,
            maxMessageBytes,
          }
          const connection = connect(technique, request)
          return process.env.NODE_ENV !== 'production' ? droppable(channel, connection) : connection
        },
      })
    },
    post: requests.post,
    active: (now) => scope.active(channel, now, technique, disconnectDelay),
  })
  return channel
}

/** One connection attempt, which errors with `unsupported` where the host lacks what the technique needs. */
const connect = (technique: Technique, request: PushRequest): Observable<SourceEvent> =>
  technique.isSupported()
    ? technique.connect(request)
    : throwError(
        () =>
          new PushError(
            'unsupported',
            DEV &&
              `This host does not support ${technique.name}(). Use another technique, or give it an implementation.`,
          ),
      )

/** Returns the signals of a lifecycle for one channel. Throws where it was not called, or returned something else. */
function signalsOf(lifecycle: Lifecycle, channel: Parameters<Lifecycle>[0]): LifecycleSignals {
  const signals: unknown = lifecycle(channel)
  if (typeof signals !== 'object' || signals === null) throw notCalled('lifecycle', lifecycle)
  return signals
}

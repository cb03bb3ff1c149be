import { Subject, defer, map, startWith, type Observable } from 'rxjs'
import type { Channel } from '../channel/channel.ts'
import { encoder, json } from '../channel/codec.ts'
import {
  topicOf,
  topicUrl,
  type AnyDescriptor,
  type Definition,
  type Received,
  type Sent,
} from '../channel/define-channel.ts'
import { PushError } from '../errors.ts'
import { DEV } from '../internal/dev.ts'
import { firstEqual } from '../internal/equal-options.ts'
import { hasOnlyTopics, sharesConnection } from '../session/conversation-backend.ts'
import type { Technique } from '../techniques/technique.ts'
import { tokenSource } from './auth.ts'
import { channelCache } from './channel-cache.ts'
import { clientConfig, type PushClientOptions } from './client-options.ts'
import { duplicateConnectionWarnings } from './duplicate-connections.ts'
import { openChannel, type AnyChannel, type ChannelScope } from './open-channel.ts'
import { serverList } from './servers.ts'
import type { ClientScope } from './client-scope.ts'
import { supervisedConnection } from './supervised-connection.ts'

/** Opens channels, and shares each one among its readers. Create one per app, and on a server one per request. */
export interface PushClient {
  /**
   * Returns the channel of a descriptor, a URL or a topic. The same URL and definition return the same channel. Definitions
   * with equal options are the same, and so are techniques.
   * @throws PushError `invalid-url`, `missing-technique`, `client-closed`; `invalid-option` if a technique or a policy was
   * not called
   */
  channel<T = unknown, V extends AnyDescriptor | string = string>(
    source: V,
    options?: { technique?: V extends string ? Technique | undefined : undefined },
  ): Channel<Received<V, T>, Sent<V>>
  /** Emits the channels that have readers. */
  readonly channels$: Observable<readonly Channel<unknown, unknown>[]>
  /** Closes every channel permanently. */
  close(): void
}

/**
 * Creates a client. It connects when a channel gets its first reader.
 *
 * @throws PushError `invalid-option` if an option is unknown, out of its range, an empty list, of another type, or a function
 * that was not called; `invalid-url` if a `baseUrl` is not valid.
 * @example
 * const push = createPushClient({ technique: webSocket(), backend: nchan() })
 * const subscription = push.channel(ticks({ symbol: 'ACME' })).messages$.subscribe(({ data }) => draw(data))
 * subscription.unsubscribe() // the last reader leaves: disconnected
 */
export function createPushClient(options: PushClientOptions = {}): PushClient {
  const config = clientConfig(options)
  const { backend, retry: policy, scheduler } = config
  const servers = serverList(config.baseUrl)
  const active = new Set<AnyChannel>()
  // The list is created for its subscribers only, because thousands of topics may join and leave at once.
  const activeChanges = new Subject<void>()
  let closed = false
  const warnOfDuplicate =
    process.env.NODE_ENV !== 'production' && config.warnings
      ? duplicateConnectionWarnings(() => [...active], scheduler)
      : undefined
  const scope: ClientScope = {
    config,
    servers,
    connectionLimit: new Map(),
    tokens: tokenSource(config.auth, backend, scheduler),
    closed: () => closed,
  }
  const channelScope: ChannelScope = {
    ...scope,
    sessionOf: sharesConnection(backend)
      ? backend.createSessions({
          connect: (technique: Technique) =>
            supervisedConnection(scope, { source: backend.path, technique, policy, renews: true }),
          policy,
          subscribeTimeout: config.limits.connectTimeout,
          scheduler,
        })
      : undefined,
    active(channel, now, technique, disconnectDelay) {
      if (now) active.add(channel)
      else active.delete(channel)
      activeChanges.next()
      if (now && !technique.method) warnOfDuplicate?.(channel, technique.name, disconnectDelay)
    },
  }
  const channels = channelCache<Definition, AnyChannel>()
  const first = firstEqual<Definition>((own) => [
    own.technique ?? config.technique,
    own.retry ?? policy,
    own.disconnectDelay ?? config.disconnectDelay,
    own.disconnectWhenHidden,
    own.decode,
    own.encode,
    own.sequence,
    own.replay,
  ])

  return {
    channel(source: AnyDescriptor | string, { technique }: { technique?: Technique | undefined } = {}): never {
      if (closed)
        throw new PushError('client-closed', DEV && 'Client closed: it has no channels. Create another client.')
      const isName = typeof source === 'string'
      const named = isName && hasOnlyTopics(backend) ? topicUrl(source) : source
      const address = typeof named === 'string' ? named : named.url
      const url = servers.name(address) + (topicOf(address) === undefined ? '' : address)
      const own = isName ? { technique, decode: json, encode: encoder() } : source.definition
      // A request with a method is equal to no other one.
      const definition = own.technique?.method ? own : first(own)
      // The types of a descriptor are those of its definition's functions.
      return channels(definition, url, () => openChannel(channelScope, address, url, definition)) as never
    },
    channels$: defer(() =>
      activeChanges.pipe(
        startWith(undefined),
        map(() => [...active]),
      ),
    ),
    close() {
      // A handler may read a channel again, which is then a later one.
      const present = [...active]
      for (const channel of present) channel.close()
      closed = true
    },
  }
}

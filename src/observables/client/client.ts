import { BehaviorSubject, catchError, defer, map, throwError, type Observable, type SchedulerLike } from 'rxjs'
import { serverList } from './servers.ts'
import type { Channel } from '../channel/channel.ts'
import { checkNumbers, checkOption, notCalled, wrongOption } from '../internal/check-options.ts'
import { createChannel } from '../channel/shared-channel.ts'
import { encoder, json } from '../channel/codec.ts'
import type { AnyDescriptor, Definition, Received, Sent } from '../channel/define-channel.ts'
import type { Backend } from '../backends/backend.ts'
import { AUTH_STATUSES, PushError, fault, type PushErrorCode } from '../errors.ts'
import type { Payload } from '../events.ts'
import { connectionLimit } from '../http/connection-limit.ts'
import { backoff, type RetryPolicy } from '../connection/backoff.ts'
import type { HeartbeatOptions } from '../connection/heartbeat-monitor.ts'
import type { Lifecycle, LifecycleSignals } from '../connection/lifecycle.ts'
import { reconnect } from '../connection/reconnect.ts'
import { redactUrl } from '../internal/redact-url.ts'
import { firstEqual } from '../internal/equal-options.ts'
import { secondConnections } from './duplicate-connections.ts'
import { MAX_MESSAGE_BYTES } from '../parsers/message-limit.ts'
import { UNPREPARED, requestPreparer, type PrepareRequest } from './prepare-request.ts'
import { droppable } from '../internal/devtools-hook.ts'
import { withQuery } from '../http/query.ts'
import type { Technique } from '../techniques/technique.ts'
import { channelCache } from './channel-cache.ts'
import { DEV } from '../internal/dev.ts'
import { hostScheduler } from '../internal/time.ts'

export interface PushClientOptions extends HeartbeatOptions {
  /** How to connect; there is no default, so that what is not named is not bundled. A channel may name its own. */
  technique?: Technique
  /** How the server spells things. @default standard(): the standards, and nothing else */
  backend?: Backend
  /** When to try again. @default backoff() */
  retry?: RetryPolicy
  prepareRequest?: PrepareRequest
  /** When channels pause, and when they reconnect at once: `pageLifecycle()` knows of the page. @default false: never */
  lifecycle?: Lifecycle | false
  /**
   * What relative URLs are relative to. Of several the first gives the channels their URLs, and the first is tried first;
   * each failure to reach one moves all channels on to the next, with the place where they are. What works is kept.
   * @default the page's address
   */
  baseUrl?: string | readonly string[]
  /** For techniques that read by fetch. @default 'same-origin' */
  credentials?: RequestCredentials
  /** How long a connection outlives its last reader, in ms: long enough for a change of route. @default 1_000 */
  disconnectDelay?: number
  /**
   * How long one message may be, in bytes (in characters, where the host gives text). One that is longer is `invalid`, as
   * `message-too-large`, and the channel goes on behind it. What reads a body as it comes keeps no more than that in memory;
   * a WebSocket, an EventSource and a frame are read by the host, and judged when they are there.
   * @default 16_777_216 (16 MiB)
   */
  maxMessageBytes?: number
  /** How many messages may wait to be sent in each channel. @default 64 */
  maxQueuedSends?: number
  /**
   * How long a message may take once it is its turn to be sent, in ms: a `Blob` until it is read, and by HTTP until the
   * server has accepted it, `prepareRequest` included. Then it rejects with `send-aborted`, and the next one goes on.
   * @default 10_000
   */
  sendTimeout?: number
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
  /**
   * Whether mistakes of the set-up (CORS, a wrong URL, HTML in the place of events, 401, 404 ...) are warned of in the
   * console, once for each channel and cause. In production nothing is. @default true
   */
  warnings?: boolean
}

/** Opens channels, and shares each among its readers. One for each app, and on a server one for each request. */
export interface PushClient {
  /**
   * The channel that a descriptor, or a bare URL, names. The same URL and definition give the same channel;
   * definitions that are made of the same options are one, and so are techniques.
   * @throws PushError `invalid-url`, `missing-technique`, `client-closed`; `invalid-option` where a technique or a policy was not called
   */
  channel<T = unknown, V extends AnyDescriptor | string = string>(
    source: V,
    options?: { technique?: V extends string ? Technique | undefined : undefined },
  ): Channel<Received<V, T>, Sent<V>>
  /** The channels that are read now. */
  readonly channels$: Observable<readonly Channel<unknown, unknown>[]>
  /** Closes every channel; none can be opened again. */
  close(): void
}

/**
 * Makes a client. It connects nothing until a channel is read.
 *
 * @throws PushError `invalid-option` where a number is out of its range, `baseUrl` an empty list, `backend`, `retry` or
 * `technique` a function that was not called, or `lifecycle` or `prepareRequest` none; `invalid-url` where a `baseUrl` is none.
 * @example
 * const push = createPushClient({ technique: webSocket(), backend: nchan() })
 * const subscription = push.channel(ticks({ symbol: 'ACME' })).messages$.subscribe(({ data }) => draw(data))
 * subscription.unsubscribe() // the last reader leaves: disconnected
 */
export function createPushClient({
  technique: via,
  backend,
  retry = backoff(),
  prepareRequest,
  lifecycle = false,
  baseUrl,
  credentials = 'same-origin',
  disconnectDelay = 1_000,
  maxQueuedSends = 64,
  sendTimeout = 10_000,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  scheduler = hostScheduler,
  warnings = true,
  ...limits
}: PushClientOptions = {}): PushClient {
  checkNumbers('createPushClient', { disconnectDelay, maxQueuedSends })
  checkNumbers('createPushClient', { ...limits, maxMessageBytes, sendTimeout }, 1)
  if (typeof backend === 'function') throw notCalled('backend', backend)
  checkPolicy(retry)
  checkTechnique(via)
  if (process.env.NODE_ENV !== 'production') {
    if (lifecycle && typeof lifecycle !== 'function') throw notCalled('lifecycle', lifecycle)
    checkOption(
      prepareRequest === undefined || typeof prepareRequest === 'function',
      wrongOption('prepareRequest', 'createPushClient', prepareRequest, 'Give a function: () => ({ headers }).'),
    )
  }
  type AnyChannel = Channel<unknown, unknown>
  const limit = connectionLimit()
  const channels = channelCache<Definition, AnyChannel>()
  const shared = firstEqual<Definition>((own) => {
    const { decode, encode, disconnectWhenHidden, sequence, replay } = own
    return [
      own.technique ?? via,
      own.retry ?? retry,
      own.disconnectDelay ?? disconnectDelay,
      disconnectWhenHidden,
      decode,
      encode,
      sequence,
      replay,
    ]
  })
  const servers = serverList(baseUrl)
  let closed = false
  const active = new BehaviorSubject<readonly AnyChannel[]>([])
  const checkSecond =
    process.env.NODE_ENV !== 'production' && warnings ? secondConnections(() => active.value, scheduler) : undefined

  const open = (source: string, url: string, definition: Definition): AnyChannel => {
    const { technique = via, retry: policy = retry } = definition
    if (!technique) {
      throw new PushError(
        'missing-technique',
        DEV &&
          `${redactUrl(url)} has no technique: createPushClient({ technique: sse() }), or name \`technique\` in the channel`,
      )
    }
    checkPolicy(policy)
    checkTechnique(technique)
    const preparer = requestPreparer(prepareRequest ?? (() => undefined), scheduler)
    const prepared = (attempt: number, server = servers.present) => {
      const address = servers.at(source, server)
      return defer(() => {
        if (closed) throw new PushError('client-closed', DEV && 'this client was closed')
        return preparer.ask({ url: address, attempt })
      }).pipe(
        map((given) => ({
          url: withQuery(address, given?.query ?? {}),
          headers: given?.headers ?? {},
          subprotocols: given?.subprotocols,
          expiresAt: given?.expiresAt,
        })),
        catchError((cause: unknown) => throwError(() => fault(cause, 'prepare-failed', UNPREPARED))),
      )
    }
    const send = async (data: Payload, signal: AbortSignal) => {
      const target$ = prepared(0).pipe(map((target) => ({ ...target, credentials, signal, scheduler })))
      try {
        await backend?.post?.(target$, data)
      } catch (error) {
        if (error instanceof PushError && AUTH_STATUSES.has(error.status)) preparer.discard()
        throw error
      }
    }
    const channel: AnyChannel = createChannel({
      url,
      definition,
      compare: backend?.compare,
      disconnectDelay: definition.disconnectDelay ?? disconnectDelay,
      maxQueuedSends,
      sendTimeout,
      maxMessageBytes,
      scheduler,
      warnings,
      explain: () => technique.explain?.(url, scheduler.now()),
      link: (position, moved, retryNow$) => {
        const key = {}
        let tried = servers.present
        return reconnect({
          ...limits,
          policy,
          promised: backend?.heartbeat,
          continuity: backend?.continuity,
          position,
          moved,
          retryNow$,
          lifecycle: lifecycle ? () => signalsOf(lifecycle, { ...definition, url, scheduler }) : undefined,
          scheduler,
          prepare: (attempt) => prepared(attempt, (tried = servers.present)),
          prepares: prepareRequest !== undefined,
          failed: (error, stood) => {
            if (error.code === 'unauthorized') preparer.discard()
            if (UNREACHED.has(error.code) || (error.code === 'connection-lost' && !stood)) servers.leave(tried, source)
          },
          managesLiveness: technique.managesLiveness ?? false,
          expiresAt: ({ expiresAt }) => expiresAt,
          connect: (cursor, target, { prepare: prepareAgain, ...supervision }) => {
            if (!technique.isSupported()) {
              return throwError(
                () =>
                  new PushError(
                    'unsupported',
                    DEV && `this host cannot do ${technique.name}: name another technique, or pass an implementation`,
                  ),
              )
            }
            const connection = technique.connect({
              ...target,
              ...supervision,
              cursor,
              credentials,
              backend,
              scheduler,
              connectionLimit: limit,
              prepareAgain,
              channel: key,
              maxMessageBytes,
            })
            return process.env.NODE_ENV !== 'production' ? droppable(channel, connection) : connection
          },
        })
      },
      post: backend?.post && ((data, signal) => send(data, signal)),
      active(now) {
        active.next(now ? [...active.value, channel] : active.value.filter((other) => other !== channel))
        if (now) checkSecond?.(channel, technique.name, definition.disconnectDelay ?? disconnectDelay)
      },
    })
    return channel
  }

  return {
    channel(source: AnyDescriptor | string, { technique: own }: { technique?: Technique | undefined } = {}): never {
      if (closed) throw new PushError('client-closed', DEV && 'this client was closed: make a new one')
      const bare = typeof source === 'string'
      const address = bare ? source : source.url
      const url = servers.name(address)
      const definition = shared(bare ? { technique: own, decode: json, encode: encoder() } : source.definition)
      // What a descriptor says of its types is what its definition decodes.
      return channels(definition, url, () => open(address, url, definition)) as never
    },
    channels$: active.asObservable(),
    close() {
      for (const channel of active.value) channel.close()
      closed = true
    },
  }
}

/** What says that a server was not reached, or is not itself. */
const UNREACHED: ReadonlySet<PushErrorCode> = new Set([
  'network-error',
  'connect-timeout',
  'unavailable',
  'heartbeat-timeout',
])

function checkPolicy(policy: RetryPolicy): void {
  if (typeof policy.nextDelay !== 'function') throw notCalled('retry', policy)
}

function checkTechnique(technique: Technique | undefined): void {
  if (technique && typeof technique.connect !== 'function') throw notCalled('technique', technique)
}

/** The signals of a lifecycle for one channel. Throws where it was not called, and returned none. */
function signalsOf(lifecycle: Lifecycle, channel: Parameters<Lifecycle>[0]): LifecycleSignals {
  const signals: unknown = lifecycle(channel)
  if (typeof signals !== 'object' || signals === null) throw notCalled('lifecycle', lifecycle)
  return signals
}

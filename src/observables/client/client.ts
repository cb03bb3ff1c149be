import {
  BehaviorSubject,
  catchError,
  defer,
  isObservable,
  map,
  of,
  throwError,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { bases } from './servers.ts'
import type { Channel } from '../channel/channel.ts'
import { notCalled } from '../internal/check-called.ts'
import { checkNumbers } from '../internal/check-numbers.ts'
import { checkOption } from '../internal/check-option.ts'
import { createChannel } from '../channel/shared-channel.ts'
import { encoder, json } from '../channel/codec.ts'
import type { AnyDescriptor, Definition, Received, Sent } from '../channel/define-channel.ts'
import type { Dialect } from '../backends/backend.ts'
import { PushError, WHO, asksWho, fault, type PushErrorCode } from '../errors.ts'
import type { Payload } from '../events.ts'
import type { HeldConnections } from '../http/connection-limit.ts'
import { backoff, type RetryPolicy } from '../connection/backoff.ts'
import type { LivenessOptions } from '../connection/heartbeat-monitor.ts'
import { reconnect, type ReconnectOptions, type Supervised, type Supervisor } from '../connection/reconnect.ts'
import { shown } from '../internal/format.ts'
import { firstAlike } from '../internal/equal-options.ts'
import { secondConnections } from './duplicate-connections.ts'
import { MAX_MESSAGE_BYTES } from '../parsers/message-limit.ts'
import { UNPREPARED, requestPreparer, type Prepare } from './prepare-request.ts'
import { breakable } from '../internal/devtools-hook.ts'
import { withQuery } from '../http/query.ts'
import type { Technique } from '../techniques/technique.ts'
import { weakRegistry } from './channel-cache.ts'
import { DEV } from '../internal/dev.ts'
import { hostScheduler } from '../internal/time.ts'

export interface PushClientOptions extends LivenessOptions {
  /** How to connect; there is no default, so that what is not named is not bundled. A channel may name its own. */
  via?: Technique
  /** How the server spells things. @default plain(): the standards, and nothing else */
  dialect?: Dialect
  /** When to try again. @default backoff() */
  retry?: RetryPolicy
  prepare?: Prepare
  /** Who keeps a channel connected; `pageLife()` knows when the page sleeps. @default reconnect */
  life?: Supervisor
  /**
   * What relative URLs are relative to. Of several the first gives the channels their URLs, and the first is tried first;
   * each failure to reach one moves all channels on to the next, with the place where they are. What works is kept.
   * @default the page's address
   */
  base?: string | readonly string[]
  /** For techniques that read by fetch. @default 'same-origin' */
  credentials?: RequestCredentials
  /** How long a connection outlives its last reader, in ms: long enough for a change of route. @default 1_000 */
  linger?: number
  /**
   * How long one message may be, in bytes (in characters, where the host gives text). One that is longer is `invalid`, as
   * `message-too-large`, and the channel goes on behind it. What reads a body as it comes keeps no more than that in memory;
   * a WebSocket, an EventSource and a frame are read by the host, and judged when they are there.
   * @default 16_777_216 (16 MiB)
   */
  maxMessageBytes?: number
  /** How many messages may wait to be sent in each channel. @default 64 */
  sendBuffer?: number
  /**
   * How long a message may take once it is its turn to be sent, in ms: a `Blob` until it is read, and by HTTP until the
   * server has accepted it, `prepare` included. Then it rejects with `send-lost`, and the next one goes on.
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
   * @throws PushError `invalid-url`, `no-technique`, `client-closed`; `invalid-option` where a technique or a policy was not called
   */
  channel<T = unknown, V extends AnyDescriptor | string = string>(
    source: V,
    options?: { via?: V extends string ? Technique | undefined : undefined },
  ): Channel<Received<V, T>, Sent<V>>
  /** The channels that are read now. */
  readonly channels$: Observable<readonly Channel<unknown, unknown>[]>
  /** Closes every channel; none can be opened again. */
  close(): void
}

/**
 * Makes a client. It connects nothing until a channel is read.
 *
 * @throws PushError `invalid-option` where a number is out of its range, `base` an empty list, `dialect`, `retry` or `via` a
 * function that was not called, or `life` or `prepare` none; `invalid-url` where a `base` is none.
 * @example
 * const push = createPushClient({ via: webSocket(), dialect: nchan() })
 * const subscription = push.channel(ticks({ symbol: 'ACME' })).messages$.subscribe(({ data }) => draw(data))
 * subscription.unsubscribe() // the last reader leaves: disconnected
 */
export function createPushClient({
  via,
  dialect,
  retry = backoff(),
  prepare,
  life = reconnect,
  base,
  credentials = 'same-origin',
  linger = 1_000,
  sendBuffer = 64,
  sendTimeout = 10_000,
  maxMessageBytes = MAX_MESSAGE_BYTES,
  scheduler = hostScheduler,
  warnings = true,
  ...limits
}: PushClientOptions = {}): PushClient {
  checkNumbers('createPushClient', { linger, sendBuffer })
  checkNumbers('createPushClient', { ...limits, maxMessageBytes, sendTimeout }, 1)
  if (typeof dialect === 'function') throw notCalled('dialect', dialect)
  checkPolicy(retry)
  checkTechnique(via)
  if (process.env.NODE_ENV !== 'production') {
    if (typeof life !== 'function') throw notCalled('life', life)
    checkOption(
      prepare === undefined || typeof prepare === 'function',
      '`prepare` of createPushClient() must be a function: prepare: () => ({ headers })',
    )
  }
  type AnyChannel = Channel<unknown, unknown>
  const held: HeldConnections = new Map()
  const channels = weakRegistry<Definition, AnyChannel>()
  const shared = firstAlike<Definition>((own) => {
    const { decode, encode, hidden, sequence, replay } = own
    return [own.via ?? via, own.retry ?? retry, own.linger ?? linger, hidden, decode, encode, sequence, replay]
  })
  const servers = bases(base)
  let closed = false
  const active = new BehaviorSubject<readonly AnyChannel[]>([])
  const checkSecond =
    process.env.NODE_ENV !== 'production' && warnings ? secondConnections(() => active.value, scheduler) : undefined

  const open = (source: string, url: string, definition: Definition): AnyChannel => {
    const { via: technique = via, retry: policy = retry } = definition
    if (!technique) {
      throw new PushError(
        'no-technique',
        DEV && `${shown(url)} has no technique: createPushClient({ via: sse() }), or name \`via\` in the channel`,
      )
    }
    checkPolicy(policy)
    checkTechnique(technique)
    const preparer = requestPreparer(prepare ?? (() => undefined), scheduler)
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
          expires: given?.expires,
        })),
        catchError((cause: unknown) => throwError(() => fault(cause, 'prepare-failed', UNPREPARED))),
      )
    }
    const send = async (data: Payload, signal: AbortSignal) => {
      const target$ = prepared(0).pipe(map((target) => ({ ...target, credentials, signal, scheduler })))
      try {
        await dialect?.post?.(target$, data)
      } catch (error) {
        if (error instanceof PushError && WHO.has(error.status)) preparer.discard()
        throw error
      }
    }
    const channel: AnyChannel = createChannel({
      url,
      definition,
      compare: dialect?.compare,
      linger: definition.linger ?? linger,
      sendBuffer,
      sendTimeout,
      maxMessageBytes,
      scheduler,
      warnings,
      explain: () => technique.explain?.(url, scheduler.now()),
      link: (place, retryNow$) => {
        const memory = new Map<object, unknown>()
        let tried = servers.present
        return supervised(
          life,
          {
            ...limits,
            policy,
            promised: dialect?.heartbeat,
            prove: dialect?.prove,
            follows: dialect?.follows,
            place,
            retryNow$,
            scheduler,
            prepare: (attempt) => prepared(attempt, (tried = servers.present)),
            prepares: prepare !== undefined,
            failed: (error, stood) => {
              if (asksWho(error)) preparer.discard()
              if (UNREACHED.has(error.code) || (error.code === 'lost' && !stood)) servers.leave(tried, source)
            },
            watches: technique.watches ?? false,
            expires: ({ expires }) => expires,
            connect: (cursor, target, { watch, prepare: again, withoutCursor }) => {
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
                cursor,
                withoutCursor,
                credentials,
                dialect,
                scheduler,
                held,
                watch,
                again,
                memory,
                maxMessageBytes,
              })
              return process.env.NODE_ENV !== 'production' ? breakable(channel, connection) : connection
            },
          },
          { ...definition, url },
        )
      },
      post: dialect?.post && ((data, signal) => send(data, signal)),
      active(now) {
        active.next(now ? [...active.value, channel] : active.value.filter((other) => other !== channel))
        if (now) checkSecond?.(channel, technique.name, definition.linger ?? linger)
      },
    })
    return channel
  }

  return {
    channel(source: AnyDescriptor | string, { via: own }: { via?: Technique | undefined } = {}): never {
      if (closed) throw new PushError('client-closed', DEV && 'this client was closed: make a new one')
      const bare = typeof source === 'string'
      const address = bare ? source : source.url
      const url = servers.name(address)
      const definition = shared(bare ? { via: own, decode: json, encode: encoder() } : source.definition)
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
const UNREACHED: ReadonlySet<PushErrorCode> = new Set(['unreachable', 'timeout', 'unavailable', 'silent'])

function checkPolicy(policy: RetryPolicy): void {
  if (typeof policy.delay !== 'function') throw notCalled('retry', policy)
}

function checkTechnique(technique: Technique | undefined): void {
  if (technique && typeof technique.connect !== 'function') throw notCalled('via', technique)
}

/** What a supervisor of the user's own throws, or one that was not called, fails the channel. */
function supervised<P extends object>(
  life: Supervisor,
  options: ReconnectOptions<P>,
  channel: Supervised,
): ReturnType<Supervisor> {
  try {
    const events$ = life(options, channel)
    if (isObservable(events$)) return events$
    throw notCalled('life', life)
  } catch (cause) {
    return of({ type: 'failed', error: fault(cause) })
  }
}

import {
  BehaviorSubject,
  asyncScheduler,
  catchError,
  defer,
  map,
  of,
  throwError,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { bases } from './bases.ts'
import type { Channel } from './channel.ts'
import { createChannel } from './create-channel.ts'
import { json } from './decode.ts'
import type { ChannelDescriptor, Definition } from './define-channel.ts'
import type { Dialect } from './dialects/dialect.ts'
import { PushError, asPushError, type PushErrorCode } from './errors.ts'
import type { HeldConnections } from './held-connections.ts'
import { backoff, type RetryPolicy } from './operators/backoff.ts'
import type { LivenessOptions } from './operators/liveness.ts'
import { reconnect, type Supervisor } from './operators/reconnect.ts'
import { shown } from './in-words.ts'
import { breakable } from './probe.ts'
import type { Technique } from './technique.ts'
import { weakRegistry } from './weak-registry.ts'
import { DEV } from './dev.ts'

/** What `prepare` may add to a request. */
export interface Prepared {
  headers?: Record<string, string>
  /** Goes into the URL: the one way for techniques that send no header. */
  query?: Record<string, string>
  /**
   * When this is of no use any more, in ms since the epoch: before that, `prepare` is asked again, and the connection
   * made anew from its cursor, unseen. `fallback`, of one technique too, opens the new one before it leaves the old.
   * @default never
   */
  expires?: number
}

/**
 * Runs before every attempt, and may be asynchronous: the place for a token that expires.
 *
 * @example prepare: async () => ({ headers: { Authorization: `Bearer ${await freshToken()}` } })
 */
export type Prepare = (attempt: {
  url: string
  attempt: number
}) => Prepared | undefined | Promise<Prepared | undefined>

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
  /** How many messages may wait to be sent in each channel. @default 64 */
  sendBuffer?: number
  /** @default asyncScheduler */
  scheduler?: SchedulerLike
}

/** Opens channels, and shares each among its readers. One for each app, and on a server one for each request. */
export interface PushClient {
  /**
   * The channel that a descriptor, or a bare URL, names. The same definition and URL give the same channel.
   * @throws PushError `invalid-url`, `no-technique`, `client-closed`
   */
  channel<T, S>(descriptor: ChannelDescriptor<T, S>): Channel<T, S>
  channel<T = unknown>(url: string, options?: { via?: Technique }): Channel<T>
  /** The channels that are read now. */
  readonly channels$: Observable<readonly Channel<unknown, unknown>[]>
  /** Closes every channel; none can be opened again. */
  close(): void
}

/**
 * Makes a client. It connects nothing until a channel is read.
 *
 * @throws PushError `invalid-option` where a number is out of its range or `base` an empty list, `invalid-url` where a
 * `base` is none.
 * @example
 * const push = createPushClient({ via: webSocket(), dialect: nchan() })
 * const subscription = push.channel(ticks({ symbol: 'ACME' })).messages$.subscribe(({ data }) => draw(data))
 * subscription.unsubscribe() // the last reader leaves: disconnected
 */
export function createPushClient({
  via,
  dialect,
  retry = backoff(),
  prepare = () => undefined,
  life = reconnect,
  base,
  credentials = 'same-origin',
  linger = 1_000,
  sendBuffer = 64,
  scheduler = asyncScheduler,
  ...limits
}: PushClientOptions = {}): PushClient {
  for (const [name, value] of Object.entries({ linger, sendBuffer, ...limits })) {
    if (value !== undefined && !(value >= Number(name in limits))) {
      throw new PushError('invalid-option', DEV && `${name} is ${value}, and must be ${name in limits ? 1 : 0} or more`)
    }
  }
  type AnyChannel = Channel<unknown, unknown>
  // Shared by definition and URL; a bare URL by its technique, which is all that defines it.
  const held: HeldConnections = new Map()
  const channels = weakRegistry<object, AnyChannel>()
  const servers = bases(base)
  let closed = false
  const active = new BehaviorSubject<readonly AnyChannel[]>([])

  const open = (source: string, url: string, definition: Definition): AnyChannel => {
    const { via: technique = via, retry: policy = retry } = definition
    if (!technique) {
      throw new PushError(
        'no-technique',
        DEV && `${shown(url)} has no technique: createPushClient({ via: sse() }), or name \`via\` in the channel`,
      )
    }
    const prepared = (attempt: number, server = servers.present) => {
      const address = servers.at(source, server)
      return defer(() => {
        if (closed) throw new PushError('client-closed', DEV && 'this client was closed')
        const added = prepare({ url: address, attempt })
        return added && 'then' in added ? added : of(added)
      }).pipe(
        map((added) => ({
          url: withQuery(address, added?.query),
          headers: added?.headers ?? {},
          expires: added?.expires,
        })),
        catchError((cause: unknown) => throwError(() => asPushError(cause, 'prepare-failed', DEV && 'prepare failed'))),
      )
    }
    const channel: AnyChannel = createChannel({
      url,
      definition,
      compare: dialect?.compare,
      linger: definition.linger ?? linger,
      sendBuffer,
      scheduler,
      explain: () => technique.explain?.(url, scheduler.now()),
      link: (place, retryNow$) => {
        const memory = new Map<object, unknown>()
        let tried = servers.present
        return life(
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
            failed: (error, stood) => {
              if (UNREACHED.has(error.code) || (error.code === 'lost' && !stood)) servers.leave(tried, source)
            },
            watches: technique.watches ?? false,
            expires: ({ expires }) => expires,
            connect: (cursor, target, { watch, prepare: again }) => {
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
                credentials,
                dialect,
                scheduler,
                held,
                watch,
                again,
                memory,
              })
              return process.env.NODE_ENV !== 'production' ? breakable(channel, connection) : connection
            },
          },
          { ...definition, url },
        )
      },
      post:
        dialect?.post &&
        ((data) => dialect.post?.(prepared(0).pipe(map((target) => ({ ...target, credentials, held }))), data)),
      active: (now) =>
        active.next(now ? [...active.value, channel] : active.value.filter((other) => other !== channel)),
    })
    return channel
  }

  return {
    channel(source: ChannelDescriptor<unknown, unknown> | string, { via: own }: { via?: Technique } = {}): never {
      if (closed) throw new PushError('client-closed', DEV && 'this client was closed: make a new one')
      const bare = typeof source === 'string'
      const address = bare ? source : source.url
      const url = servers.name(address)
      const definition = bare ? { via: own, decode: json } : source.definition
      // What a descriptor says of its types is what its definition decodes.
      return channels(bare ? (own ?? channels) : definition, url, () => open(address, url, definition)) as never
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

function withQuery(url: string, query: Record<string, string> = {}): string {
  const absolute = new URL(url)
  for (const [name, value] of Object.entries(query)) absolute.searchParams.set(name, value)
  return absolute.href
}

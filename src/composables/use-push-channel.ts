import { Subject, firstValueFrom, type Observable } from 'rxjs'
import {
  computed,
  getCurrentScope,
  onScopeDispose,
  shallowReadonly,
  shallowRef,
  toValue,
  type MaybeRefOrGetter,
} from 'vue'
import { IDLE, connectionState } from '../observables/channel/connection-state.ts'
import {
  PushError,
  pausable,
  type Channel,
  type ConnectionState,
  type Nameless,
  type PushClient,
  type PushEvent,
  type PushGap,
  type PushMessage,
  type Received,
  type Sent,
  type Technique,
} from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import type { AppClient } from './app-client.ts'
import { batch, type Flush } from './internal/batch.ts'
import { follow, onServer, sourceError } from './internal/follow-source.ts'
import { guarded, isThenable, watchRejection } from './internal/guarded.ts'
import { pauseReasons, whileDeactivated } from './internal/pause-reasons.ts'
import { appPush } from './push-key.ts'
import { errorReporter } from './internal/error-reporter.ts'
import { sameSource, unwrapped, type AnySource } from './internal/source.ts'
import type { UsePushChannelReturn } from './use-push-channel-return.ts'
import { hostScheduler } from '../observables/internal/time.ts'

export interface UsePushChannelOptions {
  /** Whether to be connected. @default true */
  enabled?: MaybeRefOrGetter<boolean>
  /**
   * When `data` and `message` are written; a number is in ms. Every message goes through `reduce` and `onMessage` all
   * the same. @default 'microtask'
   */
  flush?: Flush
  /**
   * Whether to pause, as by `pause()`, while `<KeepAlive>` keeps the component inactive, and to resume when it is
   * active again. @default false
   */
  pauseOnDeactivated?: boolean
  /** For use outside a component. @default the app's */
  client?: PushClient & Partial<AppClient>
}

/** Folds each message into `data`. It returns a new value: one that is changed in place is not seen to change. */
export interface Reducing<T, A> {
  /** `data` before the first message of this reader, and again when the source changes. */
  initial: A
  reduce: (value: A, message: PushMessage<T>) => A
}

/**
 * Reads a channel while the component, or the effect scope, lives. All who read one channel share its connection.
 *
 * The source is a descriptor or a URL, or a ref or getter of one: when it changes, the old channel is left at once and
 * `data` begins anew: with the last message of a channel that others read already, or with `initial`. `null`, or
 * `enabled: false`, is not connected. On a server nothing connects.
 *
 * @throws PushError `plugin-not-installed` where no plugin is found; `invalid-url`, `missing-technique`, `client-closed` as
 * `PushClient.channel` does.
 * @example
 * const { data, status, onGap } = usePushChannel(() => (props.symbol ? ticks({ symbol: props.symbol }) : null))
 * const { data: list } = usePushChannel(notices(), {
 *   initial: [] as Notice[],
 *   reduce: (list, { data }) => [data, ...list].slice(0, 50),
 *   flush: 'frame',
 * })
 * const { data: newest } = usePushChannel<Notice>('/push/notices', { technique: sse() })
 */
export function usePushChannel<T = unknown, A = never, V extends AnySource = Nameless>(
  source: MaybeRefOrGetter<V>,
  options?: UsePushChannelOptions & Via<V> & Folding<NoInfer<Received<V, T>>, A>,
): UsePushChannelReturn<[A] extends [never] ? Received<V, T> | undefined : A, Received<V, T>, Sent<V>>
export function usePushChannel(
  source: MaybeRefOrGetter<AnySource>,
  {
    enabled = true,
    flush = 'microtask',
    pauseOnDeactivated = false,
    technique,
    client = appPush('usePushChannel'),
    initial,
    reduce,
  }: AnyOptions = {},
): unknown {
  const data = shallowRef(initial)
  const message = shallowRef<PushMessage<unknown>>()
  const state = shallowRef(IDLE)
  const messages$ = new Subject<PushMessage<unknown>>()
  const gaps$ = new Subject<PushGap>()
  const report = errorReporter()
  const paused = pauseReasons()
  let channel: Channel<unknown, unknown> | undefined
  let reduced = initial
  let last: PushMessage<unknown> | undefined

  const write = () => {
    data.value = reduced
    message.value = last
  }
  const writes = batch(flush, client.scheduler ?? hostScheduler, write)

  /** Others read the channel already: it is shown where they are. What is folded is folded from here on. */
  const begin = (present: PushMessage<unknown> | undefined) => {
    last = present
    if (present && !reduce) reduced = present.data
    write()
  }
  const fold = (by: NonNullable<typeof reduce>, event: PushMessage<unknown>) => {
    try {
      const value = by(reduced, event)
      if (!isThenable(value)) reduced = value
      else {
        watchRejection(value, report)
        report(new TypeError('reduce returned a promise: it must return the new value itself'))
      }
    } catch (thrown) {
      report(thrown)
    }
  }
  const received = (event: PushMessage<unknown>) => {
    last = event
    if (!reduce) reduced = event.data
    else fold(reduce, event)
    writes.ask()
    messages$.next(event)
  }
  const show = (next: ConnectionState) => {
    if (next === state.value) return
    // Messages that came before a status are written before it.
    if (next.status !== state.value.status) writes.now()
    state.value = next
  }
  const next = (event: PushEvent<unknown>): void => {
    if (event.type === 'message') received(event)
    else if (event.type === 'gap') gaps$.next(event)
    show(connectionState(state.value, event))
  }

  const join = (now: AnySource) => {
    if (now === null || now === undefined) return () => {}
    channel = typeof now === 'string' ? client.channel(now, technique && { technique }) : client.channel(now)
    const subscription = pausable(channel, paused.paused$).subscribe(next)
    if (!last && channel.status !== 'idle') begin(channel.last)
    return () => {
      subscription.unsubscribe()
      writes.cancel()
      channel = undefined
      reduced = initial
      last = undefined
      write()
      show(IDLE)
    }
  }
  const hear = <E>(events$: Observable<E>, handler: (event: E) => unknown) => {
    const subscription = events$.subscribe(guarded(handler, report))
    const stop = () => subscription.unsubscribe()
    if (getCurrentScope()) onScopeDispose(stop)
    return stop
  }

  const failed = (thrown: unknown) => show({ ...IDLE, status: 'failed', error: sourceError(thrown, report) })
  follow(() => (toValue(enabled) ? unwrapped(toValue(source)) : null), sameSource, join, failed)
  if (pauseOnDeactivated) whileDeactivated(paused)
  if (getCurrentScope()) onScopeDispose(() => messages$.complete())
  if (onServer()) messages$.complete()

  return {
    data: shallowReadonly(data),
    message: shallowReadonly(message),
    status: computed(() => state.value.status),
    error: computed(() => state.value.error),
    attempt: computed(() => state.value.attempt),
    retryAt: computed(() => state.value.retryAt),
    technique: computed(() => state.value.technique),
    send: (payload) => channel?.send(payload) ?? Promise.reject(unread('no channel is read now')),
    reconnect: () => channel?.reconnect(),
    close: () => channel?.close(),
    pause: () => paused.hold('user'),
    resume: () => paused.release('user'),
    first: () =>
      firstValueFrom(messages$).catch(() => {
        throw unread(onServer() ? 'nothing is read on a server' : 'the scope ended before a message came')
      }),
    onMessage: (handler) => hear(messages$, handler),
    onGap: (handler) => hear(gaps$, handler),
    messages$: messages$.asObservable(),
  } satisfies UsePushChannelReturn<unknown, unknown, unknown>
}

interface AnyOptions extends UsePushChannelOptions {
  technique?: Technique | undefined
  initial?: unknown
  reduce?: Reducing<unknown, unknown>['reduce'] | undefined
}

/** `Reducing`, or neither of its two. */
type Folding<T, A> =
  | { initial?: undefined; reduce?: undefined }
  | ([A] extends [never] ? Reducing<T, A> : A extends readonly never[] ? EmptyList<T, A> : Reducing<T, A>)

/** TypeScript takes `[]` for a list that stays empty. What its error says is a type here. */
interface EmptyList<T, A> {
  initial: A & { readonly hint: 'Say what the empty list will hold: `initial: [] as Item[]`.' }
  reduce: (value: A, message: PushMessage<T>) => unknown
}

/** A bare URL may name its technique; a descriptor's definition does. */
type Via<V> = { technique?: [V] extends [Nameless] ? Technique : undefined }

const unread = (why: string) => new PushError('not-connected', DEV && why)

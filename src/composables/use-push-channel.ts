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
import { hostScheduler } from '../observables/internal/time.ts'
import type { Flush } from './internal/batch.ts'
import { errorReporter, guarded } from './internal/error-reporter.ts'
import { followSource, onServer, rawSource, sameSource, sourceError, type AnySource } from './internal/follow-source.ts'
import { messageFold } from './internal/message-fold.ts'
import { pauseReasons, pauseWhileDeactivated } from './internal/pause-reasons.ts'
import { injectPush, type AppClient } from './push-key.ts'
import type { UsePushChannelReturn } from './use-push-channel-return.ts'

export interface UsePushChannelOptions {
  /** Whether to read the channel. @default true */
  enabled?: MaybeRefOrGetter<boolean>
  /**
   * When `data` and `message` are written; a number is a delay in ms. `reduce` and `onMessage` receive every message at
   * once. @default 'microtask'
   */
  flush?: Flush
  /** Whether to pause, as `pause()` does, while `<KeepAlive>` keeps the component deactivated. @default false */
  pauseOnDeactivated?: boolean
  /** The client to use outside a component. @default the app's */
  client?: PushClient & Partial<AppClient>
}

/** Folds the messages into `data`. */
export interface Reducing<T, A> {
  /** `data` before the first message, and again when the source changes. */
  initial: A
  /** Returns the new value. Vue does not detect a value that is changed in place. */
  reduce: (value: A, message: PushMessage<T>) => A
}

/**
 * Reads a channel while the component, or the effect scope, is active. All readers of a channel share its connection.
 *
 * The source is a descriptor, a URL, or a ref or getter of one. When it changes, the old channel is left at once. `data`
 * starts over: with the last message of a channel that others read already, or with `initial`. Nothing is read while the
 * source is `null` or `enabled` is false. On a server nothing connects.
 *
 * @throws PushError `plugin-not-installed` if `app.use(createPush(...))` was not called; `invalid-url`, `missing-technique`
 * and `client-closed` as `PushClient.channel` does.
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
    client = injectPush('usePushChannel'),
    initial,
    reduce,
  }: AnyOptions = {},
): unknown {
  const state = shallowRef(IDLE)
  const messages$ = new Subject<PushMessage<unknown>>()
  const gaps$ = new Subject<PushGap>()
  const report = errorReporter()
  const paused = pauseReasons()
  const fold = messageFold({ initial, reduce, flush, scheduler: client.scheduler ?? hostScheduler, report })
  let channel: Channel<unknown, unknown> | undefined

  const show = (next: ConnectionState) => {
    if (next === state.value) return
    // Messages that arrived before a status are written before it.
    if (next.status !== state.value.status) fold.flush()
    state.value = next
  }
  const next = (event: PushEvent<unknown>): void => {
    if (event.type === 'message') {
      fold.add(event)
      messages$.next(event)
    } else if (event.type === 'gap') gaps$.next(event)
    show(paused.has('closed') ? CLOSED : connectionState(state.value, event))
  }

  const join = (source: AnySource) => {
    if (source === null || source === undefined) return () => {}
    channel = typeof source === 'string' ? client.channel(source, technique && { technique }) : client.channel(source)
    const subscription = pausable(channel, paused.paused$).subscribe(next)
    if (channel.status !== 'idle') fold.start(channel.last)
    return () => {
      subscription.unsubscribe()
      channel = undefined
      paused.remove('closed')
      fold.reset()
      show(IDLE)
    }
  }
  const close = () => {
    if (!channel) return
    paused.add('closed')
    show(CLOSED)
  }
  const reconnect = () => {
    // Before it reads again, because a reader that is paused too is not sent a status.
    if (state.value === CLOSED) show(IDLE)
    paused.remove('closed')
    channel?.reconnect()
  }
  const on = <E>(events$: Observable<E>, handler: (event: E) => unknown) => {
    const subscription = events$.subscribe(guarded(handler, report))
    const stop = () => subscription.unsubscribe()
    if (getCurrentScope()) onScopeDispose(stop)
    return stop
  }

  const failed = (thrown: unknown) => show({ ...IDLE, status: 'failed', error: sourceError(thrown, report) })
  followSource(() => (toValue(enabled) ? rawSource(toValue(source)) : null), sameSource, join, failed)
  if (pauseOnDeactivated) pauseWhileDeactivated(paused)
  if (getCurrentScope()) onScopeDispose(() => messages$.complete())
  if (onServer()) messages$.complete()

  return {
    data: shallowReadonly(fold.data),
    message: shallowReadonly(fold.message),
    status: computed(() => state.value.status),
    error: computed(() => state.value.error),
    attempt: computed(() => state.value.attempt),
    retryAt: computed(() => state.value.retryAt),
    technique: computed(() => state.value.technique),
    send: (payload) =>
      (paused.has('closed') ? undefined : channel)?.send(payload) ?? Promise.reject(notConnected(UNREAD)),
    reconnect,
    close,
    pause: () => paused.add('user'),
    resume: () => paused.remove('user'),
    first: () =>
      firstValueFrom(messages$).catch(() => {
        throw notConnected(onServer() ? ON_SERVER : SCOPE_ENDED)
      }),
    onMessage: (handler) => on(messages$, handler),
    onGap: (handler) => on(gaps$, handler),
    messages$: messages$.asObservable(),
  } satisfies UsePushChannelReturn<unknown, unknown, unknown>
}

interface AnyOptions extends UsePushChannelOptions {
  technique?: Technique | undefined
  initial?: unknown
  reduce?: Reducing<unknown, unknown>['reduce'] | undefined
}

/** Both options of `Reducing`, or neither. */
type Folding<T, A> =
  | { initial?: undefined; reduce?: undefined }
  | ([A] extends [never] ? Reducing<T, A> : A extends readonly never[] ? EmptyList<T, A> : Reducing<T, A>)

/** TypeScript infers a list that stays empty from `[]`. The type's `hint` appears in its error. */
interface EmptyList<T, A> {
  initial: A & { readonly hint: 'Give the empty list a type: `initial: [] as Item[]`.' }
  reduce: (value: A, message: PushMessage<T>) => unknown
}

/** Only a URL may name a technique here. A descriptor's definition names its own. */
type Via<V> = { technique?: [V] extends [Nameless] ? Technique : undefined }

/** The state of a reader that `close()` ended. */
const CLOSED: ConnectionState = { ...IDLE, status: 'closed' }

const notConnected = (why: string | false) => new PushError('not-connected', why)

const UNREAD = DEV && 'The message was not sent: no channel is read. Name a channel, or call reconnect() after close().'
const ON_SERVER = DEV && 'No message arrives on a server: nothing connects there. Wait for messages in onMounted().'
const SCOPE_ENDED = DEV && 'No message arrived: the component or effect scope ended first.'

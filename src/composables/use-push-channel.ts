import { Subject, asyncScheduler, firstValueFrom, type Observable } from 'rxjs'
import { getCurrentScope, onScopeDispose, shallowReadonly, shallowRef, toValue, type MaybeRefOrGetter } from 'vue'
import {
  PushError,
  pausable,
  type Channel,
  type PushClient,
  type PushEvent,
  type PushGap,
  type PushMessage,
  type PushStatus,
  type Technique,
} from '../observables/index.ts'
import { DEV } from '../observables/dev.ts'
import type { AppClient } from './app-client.ts'
import { batch, type Flush } from './flush.ts'
import { follow, onServer } from './follow.ts'
import { guarded } from './guarded.ts'
import { pauses, whileDeactivated } from './pauses.ts'
import { appPush } from './push-key.ts'
import { reporter } from './report.ts'
import { sameSource, unwrapped, type PushSource } from './source.ts'
import type { UsePushChannelReturn } from './use-push-channel-return.ts'

export interface UsePushChannelOptions {
  /** Whether to be connected. @default true */
  enabled?: MaybeRefOrGetter<boolean>
  /**
   * When `data` and `message` are written; a number is in ms. Every message goes through `reduce` and `onMessage` all
   * the same. @default 'microtask'
   */
  flush?: Flush
  /**
   * What happens while `<KeepAlive>` keeps the component out of sight: it reads on, or pauses as by `pause()` and comes
   * back as by `resume()`. @default 'read'
   */
  deactivated?: 'read' | 'pause'
  /** For use outside a component. @default the app's */
  push?: PushClient & Partial<AppClient>
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
 * @throws PushError `no-push` where no plugin is found; `invalid-url`, `no-technique`, `client-closed` as
 * `PushClient.channel` does.
 * @example
 * const { data, status, onGap } = usePushChannel(() => (props.symbol ? ticks({ symbol: props.symbol }) : null))
 * const { data: list } = usePushChannel(notices(), {
 *   initial: [] as Notice[],
 *   reduce: (list, { data }) => [data, ...list].slice(0, 50),
 *   flush: 'frame',
 * })
 * const { data: newest } = usePushChannel<Notice>('/push/notices', { via: sse() })
 */
export function usePushChannel<T, S, A>(
  source: MaybeRefOrGetter<PushSource<T, S>>,
  options: UsePushChannelOptions & Reducing<T, A>,
): UsePushChannelReturn<A, T, S>
export function usePushChannel<T, S>(
  source: MaybeRefOrGetter<PushSource<T, S>>,
  options?: UsePushChannelOptions,
): UsePushChannelReturn<T | undefined, T, S>
export function usePushChannel<T, A>(
  url: MaybeRefOrGetter<string | null | undefined>,
  options: UsePushChannelOptions & Reducing<T, A> & { via?: Technique },
): UsePushChannelReturn<A, T>
export function usePushChannel<T = unknown>(
  url: MaybeRefOrGetter<string | null | undefined>,
  options?: UsePushChannelOptions & { via?: Technique },
): UsePushChannelReturn<T | undefined, T>
export function usePushChannel(
  source: MaybeRefOrGetter<Source>,
  {
    enabled = true,
    flush = 'microtask',
    deactivated = 'read',
    via,
    push = appPush('usePushChannel'),
    initial,
    reduce,
  }: UsePushChannelOptions & Partial<Reducing<unknown, unknown>> & { via?: Technique } = {},
): UsePushChannelReturn<unknown, unknown, unknown> {
  const data = shallowRef(initial)
  const message = shallowRef<PushMessage<unknown>>()
  const status = shallowRef<PushStatus>('idle')
  const error = shallowRef<PushError>()
  const attempt = shallowRef(0)
  const retryAt = shallowRef<number>()
  const technique = shallowRef<string>()
  const messages$ = new Subject<PushMessage<unknown>>()
  const gaps$ = new Subject<PushGap>()
  const report = reporter()
  const paused = pauses()
  let channel: Channel<unknown, unknown> | undefined
  let reduced = initial
  let last: PushMessage<unknown> | undefined

  const write = () => {
    data.value = reduced
    message.value = last
  }
  const writes = batch(flush, push.scheduler ?? asyncScheduler, write)

  /** Others read the channel already: it is shown where they are. What is folded is folded from here on. */
  const begin = (present: PushMessage<unknown> | undefined) => {
    last = present
    if (present && !reduce) reduced = present.data
    write()
  }
  const received = (event: PushMessage<unknown>) => {
    last = event
    try {
      reduced = reduce ? reduce(reduced, event) : event.data
    } catch (thrown) {
      report(thrown)
    }
    writes.ask()
    messages$.next(event)
  }
  const became = (now: PushStatus, { failure, failures = 0, at, by }: Details = {}) => {
    // Nobody sees a status before the messages that came before it.
    writes.now()
    status.value = now
    error.value = failure
    attempt.value = failures
    retryAt.value = at
    technique.value = by
  }
  const told = (event: PushEvent<unknown>): void => {
    switch (event.type) {
      case 'message':
        return received(event)
      case 'gap':
        return gaps$.next(event)
      case 'invalid':
        error.value = event.error
        return
      case 'open':
        return became('open', { by: event.technique })
      case 'connecting':
        return became('connecting', { failures: event.attempt, failure: error.value })
      case 'waiting':
        return became('waiting', { failures: event.attempt, failure: event.error, at: event.retryAt })
      case 'failed':
        return became('failed', { failure: event.error })
      case 'idle':
      case 'closed':
        return became(event.type)
    }
  }

  const join = (now: Source) => {
    if (now === null || now === undefined) return () => {}
    channel = typeof now === 'string' ? push.channel(now, via && { via }) : push.channel(now)
    const subscription = pausable(channel, paused.paused$).subscribe(told)
    if (!last && channel.status !== 'idle') begin(channel.last)
    return () => {
      subscription.unsubscribe()
      writes.cancel()
      channel = undefined
      reduced = initial
      last = undefined
      write()
      became('idle')
    }
  }
  const hear = <E>(events$: Observable<E>, handler: (event: E) => unknown) => {
    const subscription = events$.subscribe(guarded(handler, report))
    const stop = () => subscription.unsubscribe()
    if (getCurrentScope()) onScopeDispose(stop)
    return stop
  }

  const failed = (thrown: unknown) => became('failed', { failure: thrown instanceof PushError ? thrown : undefined })
  follow(() => (toValue(enabled) ? unwrapped(toValue(source)) : null), sameSource, join, failed)
  if (deactivated === 'pause') whileDeactivated(paused)
  if (getCurrentScope()) onScopeDispose(() => messages$.complete())
  if (onServer()) messages$.complete()

  return {
    data: shallowReadonly(data),
    message: shallowReadonly(message),
    status: shallowReadonly(status),
    error: shallowReadonly(error),
    attempt: shallowReadonly(attempt),
    retryAt: shallowReadonly(retryAt),
    technique: shallowReadonly(technique),
    send: (payload) => channel?.send(payload) ?? Promise.reject(unread('no channel is read now')),
    open: () => channel?.open(),
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
  }
}

type Source = PushSource<unknown, unknown> | string

/** What a status comes with. */
interface Details {
  failure?: PushError | undefined
  failures?: number
  at?: number
  by?: string
}

const unread = (why: string) => new PushError('not-connected', DEV && why)

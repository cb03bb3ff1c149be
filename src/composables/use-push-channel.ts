import { Subject, type Observable } from 'rxjs'
import {
  getCurrentInstance,
  getCurrentScope,
  onScopeDispose,
  shallowReadonly,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type ShallowRef,
} from 'vue'
import {
  PushError,
  STATUS_AFTER,
  type Channel,
  type ChannelDescriptor,
  type PushClient,
  type PushEvent,
  type PushGap,
  type PushMessage,
  type PushStatus,
  type Technique,
} from '../observables/index.ts'
import { createFlusher, type Flush } from './flush.ts'
import { handlers } from './handlers.ts'
import { IS_SERVER, injectPush } from './inject-push.ts'

/** What to read; null: nothing, not connected. */
export type PushSource<T, S> = ChannelDescriptor<T, S> | null | undefined

export interface UsePushChannelOptions {
  /** Whether to read at all. @default true */
  enabled?: MaybeRefOrGetter<boolean>
  /** When `data` and `message` are written; handlers and `reduce` see every message all the same. @default 'microtask' */
  flush?: Flush
  /** The client, where none can be injected. @default the app's */
  push?: PushClient
}

/** How to gather messages into one value. */
export interface Reduction<T, A> {
  initial: A
  /** Gets every message, in order. */
  reduce: (value: A, message: PushMessage<T>) => A
}

export interface UsePushChannelReturn<D, T, S> {
  /** The last message's data, or what `reduce` made of all. */
  data: Readonly<ShallowRef<D>>
  /** The last message. */
  message: Readonly<ShallowRef<PushMessage<T> | undefined>>
  status: Readonly<ShallowRef<PushStatus>>
  /** Why it waits or failed; undefined while all is well. */
  error: Readonly<ShallowRef<PushError | undefined>>
  /** Failures in a row. */
  attempt: Readonly<ShallowRef<number>>
  /** When the next attempt begins, in ms since the epoch, while it waits. */
  retryAt: Readonly<ShallowRef<number | undefined>>
  /** Which technique is connected. */
  technique: Readonly<ShallowRef<string | undefined>>
  /** The channel's `send`. */
  send(data: S): Promise<void>
  /** Connects again after `closed` or `failed`. */
  open(): void
  /** Disconnects, for all readers of the channel. */
  close(): void
  /** A promise of the next message; rejects with `not-connected` when the scope ends first. */
  first(): Promise<PushMessage<T>>
  /** Calls for every message, identical ones and bursts included. Ends with the scope, or by what it returns. */
  onMessage(handler: (message: PushMessage<T>) => void): () => void
  /** Calls when messages may be missing. */
  onGap(handler: (gap: PushGap) => void): () => void
  /** The messages of whatever is read now, as RxJS. */
  messages$: Observable<PushMessage<T>>
}

/**
 * Reads a channel for as long as the effect scope lives. The source may be a descriptor or a URL, plain, in a ref or
 * from a getter: when it changes, what was gathered is dropped and nothing of the old channel is seen again. Readers of
 * one channel share one connection. On a server nothing connects.
 *
 * @throws PushError `no-push` where no plugin is installed; `invalid-url`, `no-technique`
 * @example
 * const { data, status } = usePushChannel(() => (props.symbol ? ticks({ symbol: props.symbol }) : null))
 * @example
 * const { data: last50 } = usePushChannel(notices(), { initial: [], reduce: (list, m) => [m.data, ...list].slice(0, 50) })
 */
export function usePushChannel<T, S, A>(
  source: MaybeRefOrGetter<PushSource<T, S>>,
  options: UsePushChannelOptions & Reduction<T, A>,
): UsePushChannelReturn<A, T, S>
export function usePushChannel<T, S>(
  source: MaybeRefOrGetter<PushSource<T, S>>,
  options?: UsePushChannelOptions,
): UsePushChannelReturn<T | undefined, T, S>
export function usePushChannel<T = unknown>(
  url: MaybeRefOrGetter<string | null | undefined>,
  options?: UsePushChannelOptions & { via?: Technique },
): UsePushChannelReturn<T | undefined, T, never>
export function usePushChannel(
  source: MaybeRefOrGetter<PushSource<unknown, unknown> | string>,
  {
    enabled = true,
    flush = 'microtask',
    push = injectPush(),
    via,
    initial,
    reduce = (_, { data }) => data,
  }: UsePushChannelOptions & Partial<Reduction<unknown, unknown>> & { via?: Technique } = {},
): UsePushChannelReturn<unknown, unknown, unknown> {
  const data = shallowRef(initial)
  const message = shallowRef<PushMessage<unknown>>()
  const status = shallowRef<PushStatus>('idle')
  const error = shallowRef<PushError>()
  const attempt = shallowRef(0)
  const retryAt = shallowRef<number>()
  const technique = shallowRef<string>()

  const report = getCurrentInstance()?.appContext.config.errorHandler
  const messages = handlers<PushMessage<unknown>>(report)
  const gaps = handlers<PushGap>(report)
  const stream = new Subject<PushMessage<unknown>>()
  messages.add((each) => stream.next(each))
  const ended = new Set<(error: PushError) => void>()

  let gathered: unknown = initial
  let last: PushMessage<unknown> | undefined
  const gather = handlers<PushMessage<unknown>>(report)
  gather.add((each) => {
    gathered = reduce(gathered, each)
  })
  const flusher = createFlusher(flush, () => {
    data.value = gathered
    message.value = last
  })

  const handle = (event: PushEvent<unknown>) => {
    if (event.type === 'message') {
      last = event
      gather.call(event)
      flusher.request()
      messages.call(event)
    } else if (event.type === 'gap') gaps.call(event)
    else if (event.type !== 'invalid') {
      status.value = STATUS_AFTER[event.type]
      error.value = 'error' in event ? event.error : undefined
      retryAt.value = event.type === 'waiting' ? event.retryAt : undefined
      technique.value = event.type === 'open' ? event.technique : undefined
      if (event.type === 'connecting' || event.type === 'waiting') attempt.value = event.attempt
      if (event.type === 'open') attempt.value = 0
    }
  }

  const reset = () => {
    flusher.cancel()
    gathered = data.value = initial
    last = message.value = undefined
    handle({ type: 'idle' })
  }

  const present = (): Channel<unknown, unknown> | undefined => {
    const wanted = !IS_SERVER && toValue(enabled) ? toValue(source) : null
    if (wanted === null || wanted === undefined) return undefined
    return typeof wanted === 'string' ? push.channel(wanted, { ...(via && { via }) }) : push.channel(wanted)
  }
  const channel = shallowRef<Channel<unknown, unknown>>()
  // At once, so that no message of the old channel comes after the source has changed.
  watch(
    present,
    (next, before, onCleanup) => {
      channel.value = next
      if (before) reset()
      const subscription = next?.events$.subscribe(handle)
      onCleanup(() => subscription?.unsubscribe())
    },
    { immediate: true, flush: 'sync' },
  )

  if (getCurrentScope()) {
    onScopeDispose(() => {
      reset()
      const gone = new PushError('not-connected', 'the scope that read the channel has ended')
      for (const end of ended) end(gone)
      stream.complete()
    })
  }

  return {
    data: shallowReadonly(data),
    message: shallowReadonly(message),
    status: shallowReadonly(status),
    error: shallowReadonly(error),
    attempt: shallowReadonly(attempt),
    retryAt: shallowReadonly(retryAt),
    technique: shallowReadonly(technique),
    send: (value) =>
      channel.value?.send(value) ?? Promise.reject(new PushError('not-connected', 'no channel is read now, so nothing can be sent')),
    open: () => channel.value?.open(),
    close: () => channel.value?.close(),
    first: () =>
      new Promise((resolve, reject) => {
        ended.add(reject)
        const stop = messages.add((each) => {
          stop()
          ended.delete(reject)
          resolve(each)
        })
      }),
    onMessage: messages.add,
    onGap: gaps.add,
    messages$: stream.asObservable(),
  }
}

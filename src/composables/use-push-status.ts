import { Subscription } from 'rxjs'
import { getCurrentScope, onScopeDispose, shallowReadonly, shallowRef, type ShallowRef } from 'vue'
import type { Channel, ConnectionState, PushClient, PushError, PushStatus } from '../observables/index.ts'
import { batch } from './internal/batch.ts'
import { hydrating, onServer } from './internal/follow-source.ts'
import { injectPush, type AppClient } from './push-key.ts'
import { worst } from './internal/worst.ts'
import { hostScheduler, runAfter, wallTime } from '../observables/internal/time.ts'

/** The connection state of one channel. */
export interface ChannelStatus extends ConnectionState {
  /** The absolute URL. */
  readonly url: string
}

export interface UsePushStatusReturn {
  /** The most severe status of the channels; `idle` if none is read. */
  readonly status: Readonly<ShallowRef<PushStatus>>
  /** Every channel that is read now, by a store, a component or plain RxJS. */
  readonly channels: Readonly<ShallowRef<readonly ChannelStatus[]>>
  /** The error of the first channel that has one. */
  readonly error: Readonly<ShallowRef<PushError | undefined>>
  /** When the next attempt of any channel begins, in ms since the epoch; undefined while none is planned. */
  readonly retryAt: Readonly<ShallowRef<number | undefined>>
  /** How many whole seconds remain until `retryAt`. */
  readonly secondsUntilRetry: Readonly<ShallowRef<number | undefined>>
  /** Connects every channel that waits for its next attempt or has failed. Closed channels stay closed. */
  reconnect(): void
}

/**
 * Returns the connection state of the whole app, for a banner. It does not read, so it connects nothing. On a server the
 * status is `idle`.
 *
 * @throws PushError `plugin-not-installed` if `app.use(createPush(...))` was not called.
 * @example
 * const { status, secondsUntilRetry, reconnect } = usePushStatus()
 * // <p v-if="secondsUntilRetry !== undefined">
 * //   Next attempt in {{ secondsUntilRetry }} s. <button @click="reconnect">Now</button>
 * // </p>
 */
export function usePushStatus({
  client = injectPush('usePushStatus'),
}: {
  /** The client to use outside a component. @default the app's */
  client?: PushClient & Partial<AppClient>
} = {}): UsePushStatusReturn {
  const status = shallowRef<PushStatus>('idle')
  const channels = shallowRef<readonly ChannelStatus[]>([])
  const error = shallowRef<PushError>()
  const retryAt = shallowRef<number>()
  const secondsUntilRetry = shallowRef<number>()
  const { scheduler = hostScheduler } = client
  const watched = new Map<AnyChannel, Watched>()
  let tick = Subscription.EMPTY

  const countDown = () => {
    tick.unsubscribe()
    const [first] = [...watched.values()].filter(isWaiting).toSorted((a, b) => a.due - b.due)
    if (!first) {
      retryAt.value = secondsUntilRetry.value = undefined
      return
    }
    const left = Math.max(0, first.due - scheduler.now())
    const at = wallTime(scheduler) + left
    const { retryAt: announced = at } = first.state
    retryAt.value = Math.abs(at - announced) < CLOCK_CHANGE ? announced : at
    secondsUntilRetry.value = Math.ceil(left / 1_000)
    if (left > 0) tick = runAfter(left % 1_000 || 1_000, scheduler, countDown)
  }
  const write = () => {
    const all = [...watched.values()].map(({ state }) => state)
    channels.value = all
    status.value = worst(all)
    error.value = all.find(({ error }) => error)?.error
    countDown()
  }
  // All changes of one task are written as one.
  const writes = batch('microtask', scheduler, write)

  const watch = (channel: AnyChannel) => {
    const { url } = channel
    const entry: Watched = { state: { url, ...channel.state }, subscription: Subscription.EMPTY }
    watched.set(channel, entry)
    entry.subscription = channel.state$.subscribe((state) => {
      entry.state = { url, ...state }
      entry.due = channel.retryDue
      writes.request()
    })
  }
  const watchOnly = (active: readonly AnyChannel[]) => {
    const all = new Set(active)
    for (const [channel, { subscription }] of watched) {
      if (all.has(channel)) continue
      subscription.unsubscribe()
      watched.delete(channel)
      writes.request()
    }
    for (const channel of all) if (!watched.has(channel)) watch(channel)
  }

  if (!onServer()) {
    const subscription = client.channels$.subscribe(watchOnly)
    if (!hydrating()) writes.flush()
    subscription.add(() => {
      watchOnly([])
      writes.cancel()
      tick.unsubscribe()
    })
    if (getCurrentScope()) onScopeDispose(() => subscription.unsubscribe())
  }

  return {
    status: shallowReadonly(status),
    channels: shallowReadonly(channels),
    error: shallowReadonly(error),
    retryAt: shallowReadonly(retryAt),
    secondsUntilRetry: shallowReadonly(secondsUntilRetry),
    reconnect() {
      // A closed channel was closed on purpose.
      for (const channel of watched.keys()) if (channel.status !== 'closed') channel.reconnect()
    },
  }
}

/** A larger difference between the wall clock and the monotonic clock means that the wall clock was set, in ms. */
const CLOCK_CHANGE = 1_000

type AnyChannel = Channel<unknown, unknown>

interface Watched {
  state: ChannelStatus
  /** When the next attempt begins, by the scheduler's clock. */
  due?: number | undefined
  subscription: Subscription
}

const isWaiting = (watched: Watched): watched is Watched & { due: number } => watched.due !== undefined

import { Subscription } from 'rxjs'
import { getCurrentScope, onScopeDispose, shallowReadonly, shallowRef, type ShallowRef } from 'vue'
import type { Channel, ConnectionState, PushClient, PushError, PushStatus } from '../observables/index.ts'
import type { AppClient } from './app-client.ts'
import { batch } from './internal/batch.ts'
import { hydrating, onServer } from './internal/follow-source.ts'
import { appPush } from './push-key.ts'
import { worst } from './internal/worst.ts'
import { hostScheduler, runAfter, wallTime } from '../observables/internal/time.ts'

/** How one channel is connected. */
export interface ChannelStatus extends ConnectionState {
  /** Absolute. */
  readonly url: string
}

export interface UsePushStatusReturn {
  /** The least well of the channels'; `idle` where none is read. */
  readonly status: Readonly<ShallowRef<PushStatus>>
  /** Every channel that is read now, by stores, components or plain RxJS. */
  readonly channels: Readonly<ShallowRef<readonly ChannelStatus[]>>
  /** Of the first channel in trouble. */
  readonly error: Readonly<ShallowRef<PushError | undefined>>
  /** When the next of those that wait tries again, in ms since the epoch. */
  readonly retryAt: Readonly<ShallowRef<number | undefined>>
  /** The same as a countdown, in whole seconds. */
  readonly secondsUntilRetry: Readonly<ShallowRef<number | undefined>>
  /** Cuts every wait short, and opens again what had failed. */
  reconnect(): void
}

/**
 * How the whole app is connected: what a banner shows. It only watches; nothing is connected for it. On a server it is
 * `idle`.
 *
 * @throws PushError `plugin-not-installed` where no plugin is found.
 * @example
 * const { status, secondsUntilRetry, reconnect } = usePushStatus()
 * // <p v-if="secondsUntilRetry !== undefined">
 * //   Next attempt in {{ secondsUntilRetry }} s. <button @click="reconnect">Now</button>
 * // </p>
 */
export function usePushStatus({
  client = appPush('usePushStatus'),
}: {
  /** For use outside a component. @default the app's */
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

  const count = () => {
    tick.unsubscribe()
    const [first] = [...watched.values()].filter(isWaiting).toSorted((a, b) => a.due - b.due)
    if (!first) {
      retryAt.value = secondsUntilRetry.value = undefined
      return
    }
    const left = Math.max(0, first.due - scheduler.now())
    const at = wallTime(scheduler) + left
    const { retryAt: named = at } = first.now
    retryAt.value = Math.abs(at - named) < CLOCK_SET ? named : at
    secondsUntilRetry.value = Math.ceil(left / 1_000)
    if (left > 0) tick = runAfter(left % 1_000 || 1_000, scheduler, count)
  }
  const write = () => {
    const all = [...watched.values()].map(({ now }) => now)
    channels.value = all
    status.value = worst(all)
    error.value = all.find(({ error }) => error)?.error
    count()
  }
  // Of all that changes in one task, one change is seen.
  const writes = batch('microtask', scheduler, write)

  const watch = (channel: AnyChannel) => {
    const { url } = channel
    const entry: Watched = { now: { url, ...channel.state }, watching: Subscription.EMPTY }
    watched.set(channel, entry)
    entry.watching = channel.state$.subscribe((state) => {
      entry.now = { url, ...state }
      entry.due = channel.retryDue
      writes.ask()
    })
  }
  const present = (now: readonly AnyChannel[]) => {
    const all = new Set(now)
    for (const [channel, { watching }] of watched) {
      if (all.has(channel)) continue
      watching.unsubscribe()
      watched.delete(channel)
      writes.ask()
    }
    for (const channel of all) if (!watched.has(channel)) watch(channel)
  }

  if (!onServer()) {
    const subscription = client.channels$.subscribe(present)
    if (!hydrating()) writes.now()
    subscription.add(() => {
      present([])
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
      // `reconnect()` would revive what was closed on purpose, too.
      for (const channel of watched.keys()) if (channel.status !== 'closed') channel.reconnect()
    },
  }
}

/** What the wall clock and the monotonic one differ by only where the wall clock was set, in ms. */
const CLOCK_SET = 1_000

type AnyChannel = Channel<unknown, unknown>

interface Watched {
  now: ChannelStatus
  /** When its next attempt begins, by the scheduler's clock. */
  due?: number | undefined
  watching: Subscription
}

const isWaiting = (watched: Watched): watched is Watched & { due: number } => watched.due !== undefined

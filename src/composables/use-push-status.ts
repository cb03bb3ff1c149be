import { Subscription, asyncScheduler } from 'rxjs'
import { getCurrentScope, onScopeDispose, shallowReadonly, shallowRef, type ShallowRef } from 'vue'
import type { Channel, PushClient, PushError, PushState, PushStatus } from '../observables/index.ts'
import type { AppClient } from './app-client.ts'
import { batch } from './flush.ts'
import { hydrating, onServer } from './follow.ts'
import { appPush } from './push-key.ts'
import { worst } from './worst.ts'

/** How one channel is. */
export interface ChannelStatus {
  /** Absolute. */
  readonly url: string
  readonly status: PushStatus
  /** Which technique is connected. */
  readonly technique: string | undefined
  /** What went wrong last; undefined again when it is open. */
  readonly error: PushError | undefined
  /** How many attempts failed in a row. */
  readonly attempt: number
  /** When it tries again, in ms since the epoch; undefined where it does not wait. */
  readonly retryAt: number | undefined
  /** Why it rests although it is read: `hidden`, `bfcache` ... */
  readonly paused: readonly string[]
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
  readonly retryIn: Readonly<ShallowRef<number | undefined>>
  /** Cuts every wait short, and opens again what had failed. */
  retryNow(): void
}

/**
 * How the whole app is connected: what a banner shows. It only watches; nothing is connected for it. On a server it is
 * `idle`.
 *
 * @throws PushError `no-push` where no plugin is found.
 * @example
 * const { status, retryIn, retryNow } = usePushStatus()
 * // <p v-if="status === 'waiting'">Next try in {{ retryIn }} s. <button @click="retryNow">Now</button></p>
 */
export function usePushStatus({
  push = appPush('usePushStatus'),
}: {
  /** For use outside a component. @default the app's */
  push?: PushClient & Partial<AppClient>
} = {}): UsePushStatusReturn {
  const status = shallowRef<PushStatus>('idle')
  const channels = shallowRef<readonly ChannelStatus[]>([])
  const error = shallowRef<PushError>()
  const retryAt = shallowRef<number>()
  const retryIn = shallowRef<number>()
  const { scheduler = asyncScheduler } = push
  const watched = new Map<AnyChannel, Watched>()
  let tick = Subscription.EMPTY

  const count = () => {
    tick.unsubscribe()
    if (retryAt.value === undefined) {
      retryIn.value = undefined
      return
    }
    const left = Math.max(0, retryAt.value - scheduler.now())
    retryIn.value = Math.ceil(left / 1_000)
    if (left > 0) tick = scheduler.schedule(count, left % 1_000 || 1_000)
  }
  const write = () => {
    const all = [...watched.values()].map(({ now }) => now)
    channels.value = all
    status.value = worst(all)
    error.value = all.find(({ error }) => error)?.error
    retryAt.value = all.reduce<number | undefined>(
      (first, { retryAt }) => (retryAt !== undefined && !(first !== undefined && first < retryAt) ? retryAt : first),
      undefined,
    )
    count()
  }
  // Of all that changes in one task, one change is seen.
  const writes = batch('microtask', scheduler, write)

  const watch = (channel: AnyChannel) => {
    const entry: Watched = { now: after(channel.url, { type: 'idle' }), watching: Subscription.EMPTY }
    watched.set(channel, entry)
    entry.watching = channel.state$.subscribe((state) => {
      entry.now = after(channel.url, state, entry.now)
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
    const subscription = push.channels$.subscribe(present)
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
    retryIn: shallowReadonly(retryIn),
    retryNow() {
      // `open()` would revive what was closed on purpose, too.
      for (const channel of watched.keys()) if (channel.status !== 'closed') channel.open()
    },
  }
}

type AnyChannel = Channel<unknown, unknown>

interface Watched {
  now: ChannelStatus
  watching: Subscription
}

/** How a channel is after a change. */
function after(url: string, state: PushState, before?: ChannelStatus): ChannelStatus {
  const { type } = state
  const well = { url, status: type, technique: undefined, error: undefined, attempt: 0, retryAt: undefined, paused: [] }
  switch (type) {
    case 'idle':
      return { ...well, paused: state.paused ?? [] }
    case 'connecting':
      return { ...well, attempt: state.attempt, error: before?.error }
    case 'open':
      return { ...well, technique: state.technique }
    case 'waiting':
      return { ...well, attempt: state.attempt, error: state.error, retryAt: state.retryAt }
    case 'failed':
      return { ...well, error: state.error }
    case 'closed':
      return well
  }
}

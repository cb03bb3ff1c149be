import type { PiniaPlugin, StateTree } from 'pinia'
import { markRaw, onScopeDispose, shallowReactive, toValue, watch, type UnwrapRef } from 'vue'
import { IS_SERVER } from '../composables/inject-push.ts'
import type { PushSource } from '../composables/use-push-channel.ts'
import { backoff, STATUS_AFTER, type PushClient, type PushClientOptions, type PushError, type PushStatus } from '../observables/index.ts'
import { bindChannel, type Binding, type Bound } from './binding.ts'

/** Binds a channel to the store; a source that is a getter may change, or be null for not connected. */
export interface Bind<State extends StateTree> {
  <T, S>(source: PushSource<T, S> | (() => PushSource<T, S>), binding: Binding<T, UnwrapRef<State>>): void
}

/** What a store's bindings are up to; reactive. */
export interface StorePush {
  /** Of the binding that changed last. */
  readonly status: PushStatus
  /** Why it waits or failed, or what `snapshot` or `apply` threw. */
  readonly error: PushError | undefined
  readonly technique: string | undefined
  /** Takes fresh snapshots now. */
  refresh(): void
}

declare module 'pinia' {
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  interface DefineStoreOptionsBase<S extends StateTree, Store> {
    /** Binds push channels to the store, once, when it is created. */
    push?: (context: { bind: Bind<S>; store: Store }) => void
  }
  interface PiniaCustomProperties {
    /** The store's push channels. */
    readonly $push: StorePush
  }
}

/** The Pinia plugin of one client. What it binds ends with the store, or when `ends` are called. */
export function storePush(client: PushClient, { retry = backoff(), scheduler }: PushClientOptions, ends: Set<() => void>): PiniaPlugin {
  return ({ store, options: { push } }) => {
    const bounds = new Set<Bound>()
    const state = shallowReactive({
      status: 'idle' as PushStatus,
      error: undefined as PushError | undefined,
      technique: undefined as string | undefined,
      refresh() {
        for (const bound of bounds) bound.refresh()
      },
    })
    const $push = markRaw(state)
    // Hot replacement makes a second store of that name, for its code alone; only the real one connects.
    if (!push || IS_SERVER || store.$id.startsWith('__hot:')) return { $push }

    const bind: Bind<StateTree> = (source, binding) => {
      const stop = watch(
        () => {
          const wanted = toValue(source)
          return wanted ? client.channel(wanted) : undefined
        },
        (channel, _, onCleanup) => {
          if (!channel) return
          const bound = bindChannel({
            ...binding,
            channel,
            policy: retry,
            scheduler,
            patch: (change) => store.$patch(change as (state: StateTree) => void),
            failed: (error) => void (state.error = error),
            status(event) {
              state.status = STATUS_AFTER[event.type]
              if (event.type === 'open') Object.assign(state, { technique: event.technique, error: undefined })
              else if (event.type === 'waiting' || event.type === 'failed') state.error = event.error
            },
          })
          bounds.add(bound)
          onCleanup(() => {
            bounds.delete(bound)
            bound.leave()
            state.status = 'idle'
          })
        },
        { immediate: true, flush: 'sync' },
      )
      ends.add(stop)
      onScopeDispose(() => {
        stop()
        ends.delete(stop)
      })
    }
    push({ bind, store })
    return { $push }
  }
}

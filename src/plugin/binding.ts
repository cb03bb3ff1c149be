import { BehaviorSubject, Subject } from 'rxjs'
import { shallowReactive, shallowRef, type EffectScope, type UnwrapRef } from 'vue'
import type { StateTree } from 'pinia'
import type { AppClient } from '../composables/app-client.ts'
import { checkFlush } from '../composables/internal/batch.ts'
import { follow, onServer, sourceError } from '../composables/internal/follow-source.ts'
import { sameSource, unwrapped, type PushSource } from '../composables/internal/source.ts'
import { IDLE, connectionState } from '../observables/channel/connection-state.ts'
import { PushError, type Channel, type PushStatus } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import { equalOptions } from '../observables/internal/equal-options.ts'
import { syncStore, type BindingOptions, type SyncStoreOptions } from './sync-store.ts'
import type { keptPlaces } from './kept-places.ts'
import { prefetch } from './prefetch.ts'

/** One binding of a store: reactive. */
export interface ChannelBinding<S = never> {
  readonly status: PushStatus
  /** What is wrong now, with the connection, the snapshot or `apply`; undefined: nothing. */
  readonly error: PushError | undefined
  /** Which technique is connected. */
  readonly technique: string | undefined
  /**
   * Sends on the channel that is bound now.
   * @throws PushError (rejects) what `Channel.send` rejects with; `not-connected` where the source names no channel.
   */
  send(data: S): Promise<void>
  /**
   * Takes a fresh snapshot now. Resolves when it is in, or could not be had: `error` says why, and on a page the policy
   * says when it is tried again. On a server it is taken once for each channel, and the page goes on from its `cursor`.
   */
  refresh(): Promise<void>
  /** Leaves the channel, as the one reader that this binding is; nothing changes the state until `resume`. */
  pause(): void
  /** Reads on from where it paused: applies what was missed, or takes a fresh snapshot after a gap. */
  resume(): void
}

/** Binds a channel to the store: a descriptor, or a function of reactive state that gives one or null. */
export interface BindChannel<State extends StateTree> {
  <T, S>(
    source: PushSource<T, S> | (() => PushSource<T, S>),
    binding: BindingOptions<T, UnwrapRef<State>>,
  ): ChannelBinding<S>
}

export interface BinderOptions {
  push: AppClient
  /** Whether an app uses the plugin now: when it is unmounted, bindings end. Reactive. */
  installed: () => boolean
  /** The store's own: its end is the binding's. */
  scope: EffectScope
  /** Where the store's places travel from server to page. */
  places: ReturnType<typeof keptPlaces>
  patch: SyncStoreOptions<unknown, StateTree>['patch']
  report: (error: unknown) => void
}

/**
 * Makes one store's bindings, those that `begin` binds. Begun again, by hot module replacement, each binding becomes
 * the one at the same place of before: what names the same channel stays connected.
 */
export function binder(options: BinderOptions) {
  const rebindable = shallowReactive<Rebindable[]>([])
  let next = 0
  const bind = (source: Source | (() => Source), binding: AnyBinding): ChannelBinding<unknown> => {
    const index = next++
    const former = rebindable[index]
    if (former) former.rebind(source, binding)
    const { handle } = former ?? (rebindable[index] = bindOne(index, source, binding, options))
    return handle
  }
  return {
    get bindings(): readonly ChannelBinding<unknown>[] {
      return rebindable.map(({ handle }) => handle)
    },
    begin(work: (bind: BindChannel<StateTree>) => void) {
      next = 0
      work(bind as BindChannel<StateTree>)
      for (const { rebind } of rebindable.splice(next)) rebind(null, { apply() {} })
    },
  }
}

type Source = PushSource<unknown, unknown>
type AnyBinding = BindingOptions<unknown, StateTree>

interface Rebindable {
  handle: ChannelBinding<unknown>
  rebind: (source: Source | (() => Source), binding: AnyBinding) => void
}

function bindOne(
  index: number,
  source: Source | (() => Source),
  binding: AnyBinding,
  { push, installed, scope, places, patch, report }: BinderOptions,
): Rebindable {
  checkFlush(binding.flush)
  const now = shallowReactive({ source, binding })
  const state = shallowRef(IDLE)
  /** What is wrong with the snapshot or with `apply`. */
  const fault = shallowRef<PushError>()
  const refresh$ = new Subject<() => void>()
  const paused$ = new BehaviorSubject(false)
  let channel: Channel<unknown, unknown> | undefined
  const shared = {
    binding: () => now.binding,
    patch,
    fault: (error: PushError | undefined) => {
      fault.value = error
    },
  }

  const present = () => (installed() ? unwrapped(typeof now.source === 'function' ? now.source() : now.source) : null)

  const join = (descriptor: Source) => {
    if (!descriptor) return () => {}
    const joined = (channel = push.channel(descriptor))
    const kept = places.claim(index)
    const { scheduler, retry: policy, namespace } = push
    const from = kept?.url === descriptor.url ? { ...kept, namespace } : undefined
    const subscription = syncStore({
      ...shared,
      channel: joined,
      from,
      paused$,
      policy,
      scheduler,
      refresh$,
      report,
    }).subscribe((event) => {
      state.value = connectionState(state.value, event)
    })
    return () => {
      subscription.unsubscribe()
      channel = undefined
      state.value = IDLE
      fault.value = undefined
    }
  }
  const failed = (error: unknown) => {
    state.value = { ...IDLE, status: 'failed', error: sourceError(error, report) }
  }
  scope.run(() => follow(present, sameOrAlike, join, failed))

  const refreshed = () =>
    new Promise<void>((resolve) => {
      if (refresh$.observed) refresh$.next(resolve)
      else resolve()
    })
  const refresh = onServer()
    ? prefetch({ ...shared, present, keep: (place) => places.keep(index, place), report })
    : refreshed

  return {
    handle: {
      get status() {
        return state.value.status
      },
      get error() {
        return fault.value ?? state.value.error
      },
      get technique() {
        return state.value.technique
      },
      send: (data) =>
        channel?.send(data) ??
        Promise.reject(new PushError('not-connected', DEV && 'the source of this binding names no channel now')),
      refresh,
      pause: () => paused$.next(true),
      resume: () => paused$.next(false),
    },
    rebind(changedSource, changed) {
      Object.assign(now, { source: changedSource, binding: changed })
      // What the old `apply` made of the messages may not be what the new one makes of them.
      void refresh()
    },
  }
}

/** A hot edit of the file that defines a channel defines it anew, most often as it was: it stays connected then. */
const sameOrAlike = (a: Source, b: Source): boolean =>
  sameSource(a, b) ||
  (!!a && !!b && a.url === b.url && equalOptions(Object.values(a.definition), Object.values(b.definition)))

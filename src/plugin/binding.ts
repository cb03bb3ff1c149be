import { BehaviorSubject, Subject } from 'rxjs'
import { shallowReactive, shallowRef, type EffectScope, type UnwrapRef } from 'vue'
import type { StateTree } from 'pinia'
import type { AppClient } from '../composables/push-key.ts'
import { checkFlush } from '../composables/internal/batch.ts'
import {
  followSource,
  onServer,
  rawSource,
  sameSource,
  sourceError,
  type PushSource,
} from '../composables/internal/follow-source.ts'
import { IDLE, connectionState } from '../observables/channel/connection-state.ts'
import { PushError, type Channel, type PushStatus } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import { equalOptions } from '../observables/internal/equal-options.ts'
import type { BindingOptions } from './binding-options.ts'
import { prefetch, type PrefetchedPositions } from './ssr.ts'
import { syncStore, type SyncStoreOptions } from './sync-store.ts'

/** One binding of a store. It is reactive. */
export interface ChannelBinding<S = never> {
  readonly status: PushStatus
  /** The error of the connection, the snapshot or `apply`. Undefined if there is none. */
  readonly error: PushError | undefined
  /** The technique that is connected. */
  readonly technique: string | undefined
  /**
   * Sends on the channel that is bound now.
   * @throws PushError (rejects) as `Channel.send` does, and with `not-connected` if the source names no channel.
   */
  send(data: S): Promise<unknown>
  /**
   * Loads a fresh snapshot. Resolves when it was applied or has failed: then `error` is set, and a page loads it again as
   * `retry` decides. A server loads it once for each channel, and the page resumes from its `cursor`.
   */
  refresh(): Promise<void>
  /** Stops reading the channel. Nothing that is pushed changes the state until `resume`. Other readers are not affected. */
  pause(): void
  /** Reads again from where it paused: applies the messages that it missed, or loads a fresh snapshot after a gap. */
  resume(): void
}

/** Binds a channel to the store. The source is a descriptor, or a function of reactive state that returns one or null. */
export interface BindChannel<State extends StateTree> {
  <T, S>(
    source: PushSource<T, S> | (() => PushSource<T, S>),
    binding: BindingOptions<T, UnwrapRef<State>>,
  ): ChannelBinding<S>
}

export interface BinderOptions {
  push: AppClient
  /** Whether an app uses the plugin. Bindings end when the app is unmounted. Reactive. */
  installed: () => boolean
  /** The store's scope. Bindings end with it. */
  scope: EffectScope
  /** The store's positions that travelled from server to page. */
  positions: PrefetchedPositions
  patch: SyncStoreOptions<unknown, StateTree>['patch']
  report: (error: unknown) => void
}

/**
 * Creates the bindings of one store. When hot module replacement runs the store's `push` option again, each call of
 * `bindChannel` updates the binding with the same index, so that an unchanged channel stays connected.
 */
export function binder(options: BinderOptions) {
  const rebindable = shallowReactive<Rebindable[]>([])
  let next = 0
  const bindChannel = (source: Source | (() => Source), binding: AnyBinding): ChannelBinding<unknown> => {
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
    /** Runs a function that binds channels. Bindings of an earlier run that it does not bind again end. */
    run(work: (bindChannel: BindChannel<StateTree>) => void) {
      next = 0
      work(bindChannel as BindChannel<StateTree>)
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
  { push, installed, scope, positions, patch, report }: BinderOptions,
): Rebindable {
  checkFlush(binding.flush)
  const current = shallowReactive({ source, binding })
  const state = shallowRef(IDLE)
  /** The error of the snapshot or of `apply`. */
  const fault = shallowRef<PushError>()
  const refresh$ = new Subject<() => void>()
  const paused$ = new BehaviorSubject(false)
  let channel: Channel<unknown, unknown> | undefined
  const shared = {
    binding: () => current.binding,
    patch,
    fault: (error: PushError | undefined) => {
      fault.value = error
    },
  }

  const currentSource = () =>
    installed() ? rawSource(typeof current.source === 'function' ? current.source() : current.source) : null

  const join = (descriptor: Source) => {
    if (!descriptor) return () => {}
    const joined = (channel = push.channel(descriptor))
    const prefetched = positions.claim(index)
    const { scheduler, retry: policy, namespace } = push
    const from = prefetched?.url === descriptor.url ? { ...prefetched, namespace } : undefined
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
  const onSourceError = (error: unknown) => {
    state.value = { ...IDLE, status: 'failed', error: sourceError(error, report) }
  }
  scope.run(() => followSource(currentSource, sameOrAlike, join, onSourceError))

  const refreshOnPage = () =>
    new Promise<void>((resolve) => {
      if (refresh$.observed) refresh$.next(resolve)
      else resolve()
    })
  const refresh = onServer()
    ? prefetch({ ...shared, currentSource, save: (position) => positions.save(index, position), report })
    : refreshOnPage

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
      send: (data) => channel?.send(data) ?? Promise.reject(new PushError('not-connected', DEV && NO_CHANNEL)),
      refresh,
      pause: () => paused$.next(true),
      resume: () => paused$.next(false),
    },
    rebind(changedSource, changed) {
      Object.assign(current, { source: changedSource, binding: changed })
      // The new `apply` may make another state of the same messages.
      void refresh()
    },
  }
}

const NO_CHANNEL =
  'The message was not sent: the source of this binding names no channel. Send it when the source names one.'

/** A hot edit of a file defines its channels again, most often without a change: then the channel stays connected. */
const sameOrAlike = (a: Source, b: Source): boolean =>
  sameSource(a, b) ||
  (!!a && !!b && a.url === b.url && equalOptions(Object.values(a.definition), Object.values(b.definition)))

import { Subject } from 'rxjs'
import { shallowReactive, type EffectScope, type UnwrapRef } from 'vue'
import type { StateTree } from 'pinia'
import type { AppClient } from '../composables/app-client.ts'
import { follow } from '../composables/follow.ts'
import { sameSource, unwrapped, type PushSource } from '../composables/source.ts'
import { PushError, type Channel, type PushEvent, type PushStatus } from '../observables/index.ts'
import { DEV } from '../observables/dev.ts'
import { bound, type Binding, type BoundOptions } from './bound.ts'

/** One binding of a store: reactive. */
export interface Bound<S = never> {
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
  /** Takes a fresh snapshot now. */
  refresh(): void
}

/** Binds a channel to the store: a descriptor, or a function of reactive state that gives one or null. */
export interface Bind<State extends StateTree> {
  <T, S>(source: PushSource<T, S> | (() => PushSource<T, S>), binding: Binding<T, UnwrapRef<State>>): Bound<S>
}

export interface BinderOptions {
  push: AppClient
  /** Whether an app uses the plugin now: when it is unmounted, bindings end. Reactive. */
  installed: () => boolean
  /** The store's own: its end is the binding's. */
  scope: EffectScope
  patch: BoundOptions<unknown, StateTree>['patch']
  report: (error: unknown) => void
}

/** Makes one store's `bind`; `bindings` holds what it bound. */
export function binder({ push, installed, scope, patch, report }: BinderOptions) {
  const bindings = shallowReactive<Bound<unknown>[]>([])

  const bind = (source: Source | (() => Source), binding: Binding<unknown, StateTree>): Bound<unknown> => {
    const view = shallowReactive<View>({ ...IDLE })
    const refresh$ = new Subject<void>()
    let channel: Channel<unknown, unknown> | undefined
    const fault = (error: PushError | undefined) => {
      view.fault = error
    }

    const join = (descriptor: Source) => {
      if (!descriptor) return () => {}
      const joined = push.channel(descriptor)
      channel = joined
      const { scheduler, retry: policy } = push
      const subscription = bound({
        channel: joined,
        binding,
        patch,
        policy,
        scheduler,
        refresh$,
        fault,
        report,
      }).subscribe((event) => Object.assign(view, seen(event)))
      return () => {
        subscription.unsubscribe()
        channel = undefined
        Object.assign(view, IDLE)
      }
    }

    const present = () => (installed() ? unwrapped(typeof source === 'function' ? source() : source) : null)
    const failed = (error: unknown) =>
      Object.assign(view, { status: 'failed', error: error instanceof PushError ? error : undefined })
    scope.run(() => follow(present, sameSource, join, failed))

    const handle: Bound<unknown> = {
      get status() {
        return view.status
      },
      get error() {
        return view.fault ?? view.error
      },
      get technique() {
        return view.technique
      },
      send: (data) =>
        channel?.send(data) ??
        Promise.reject(new PushError('not-connected', DEV && 'the source of this binding names no channel now')),
      refresh: () => refresh$.next(),
    }
    bindings.push(handle)
    return handle
  }

  return { bind: bind as Bind<StateTree>, bindings }
}

type Source = PushSource<unknown, unknown>

interface View {
  status: PushStatus
  technique: string | undefined
  /** Of the connection. */
  error: PushError | undefined
  /** Of the snapshot, or of `apply`. */
  fault: PushError | undefined
}

const IDLE: View = { status: 'idle', technique: undefined, error: undefined, fault: undefined }

/** What an event changes in what is seen of a binding. */
function seen(event: PushEvent<unknown>): Partial<View> {
  switch (event.type) {
    case 'connecting':
      return { status: event.type, technique: undefined }
    case 'open':
      return { status: event.type, technique: event.technique, error: undefined }
    case 'message':
    case 'gap':
      return {}
    case 'invalid':
      return { error: event.error }
    case 'waiting':
    case 'failed':
      return { status: event.type, technique: undefined, error: event.error }
    case 'closed':
      return { status: event.type, technique: undefined }
    case 'idle':
      return { status: event.type, technique: undefined, error: undefined }
  }
}

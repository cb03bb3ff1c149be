import { markRaw } from 'vue'
import { PushError, type PushStatus } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import { worst } from '../composables/internal/worst.ts'
import type { ChannelBinding } from './binding.ts'

/** All that a store binds, in one: `store.$push`, reactive. */
export interface StorePush {
  /** The least well of its bindings'; `idle` where it binds nothing. */
  readonly status: PushStatus
  /** The first that is wrong now. */
  readonly error: PushError | undefined
  /** Of the first that is connected. */
  readonly technique: string | undefined
  /**
   * Sends on the store's one binding; its channel says what may be sent. What `bindChannel` returns is typed, and there for
   * stores that bind several.
   * @throws PushError (rejects) what `Channel.send` rejects with; `send-unsupported` where the store does not bind exactly one.
   */
  send(data: unknown): Promise<void>
  /**
   * Takes a fresh snapshot now, for every binding that has one. Resolves when they are in, or could not be had: `error`
   * says why. The one way to fill a store on a server:
   * @example onServerPrefetch(() => store.$push.refresh())
   */
  refresh(): Promise<void>
  /** Nothing that is pushed changes the store until `resume`: it reads no more. */
  pause(): void
  /** Reads on from where it paused: applies what was missed, or takes a fresh snapshot after a gap. */
  resume(): void
}

/** `bindings`: those of the store, reactive. */
export function storePush(bindings: () => readonly ChannelBinding<unknown>[]): StorePush {
  return markRaw<StorePush>({
    get status() {
      return worst(bindings())
    },
    get error() {
      return bindings().find(({ error }) => error)?.error
    },
    get technique() {
      return bindings().find(({ technique }) => technique !== undefined)?.technique
    },
    send(data) {
      const [binding, ...others] = bindings()
      if (binding && others.length === 0) return binding.send(data)
      const message = `this store binds ${bindings().length} channels: send by what bindChannel() returned`
      return Promise.reject(new PushError('send-unsupported', DEV && message))
    },
    async refresh() {
      await Promise.all(bindings().map((binding) => binding.refresh()))
    },
    pause() {
      for (const binding of bindings()) binding.pause()
    },
    resume() {
      for (const binding of bindings()) binding.resume()
    },
  })
}

import { markRaw } from 'vue'
import { PushError, type PushStatus } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import { worst } from '../composables/internal/worst.ts'
import type { ChannelBinding } from './binding.ts'

/** All bindings of a store as one: `store.$push`. It is reactive. */
export interface StorePush {
  /** The most severe status of the bindings; `idle` if there is none. */
  readonly status: PushStatus
  /** The first error of the bindings. */
  readonly error: PushError | undefined
  /** The first binding's technique that is connected. */
  readonly technique: string | undefined
  /**
   * Sends on the store's only binding. Its data is not typed: `bindChannel` returns a typed `send`, also for a store with
   * several bindings.
   * @throws PushError (rejects) as `Channel.send` does, and with `send-unsupported` if the store has no binding or several.
   */
  send(data: unknown): Promise<unknown>
  /**
   * Loads a fresh snapshot for every binding that has one. Resolves when all were applied or have failed: then `error` is
   * set. It is the way to fill a store on a server:
   * @example onServerPrefetch(() => store.$push.refresh())
   */
  refresh(): Promise<void>
  /** Stops reading. Nothing that is pushed changes the store until `resume`. */
  pause(): void
  /** Reads again from where it paused: applies the messages that it missed, or loads a fresh snapshot after a gap. */
  resume(): void
}

/** @param bindings Returns the store's bindings. Reactive. */
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
      const message =
        DEV &&
        `The message was not sent: this store binds ${bindings().length} channels. Call send() of what bindChannel() returned.`
      return Promise.reject(new PushError('send-unsupported', message))
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

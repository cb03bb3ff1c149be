import { getCurrentScope } from 'vue'
import type { PiniaPlugin, StateTree } from 'pinia'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/dev.ts'
import type { AppClient } from '../composables/app-client.ts'
import { reporter } from '../composables/report.ts'
import { binder, type Bind } from './bind.ts'
import { storePush, type StorePush } from './store-push.ts'

declare module 'pinia' {
  // The names of the type parameters are Pinia's.
  interface DefineStoreOptionsBase<S extends StateTree, Store> {
    /**
     * Binds channels to the store: connected while the store lives.
     *
     * @example
     * push: ({ bind, store }) => bind(() => (store.account ? orders({ account: store.account }) : null), {
     *   snapshot: async () => ({ state: { byId: await fetchOrders(store.account) } }),
     *   apply: (state, message) => { state.byId[message.data.id] = message.data },
     * })
     */
    push?: (context: { bind: Bind<S>; store: Store }) => void
  }
  interface PiniaCustomProperties {
    /** What the store's `push` option bound. */
    readonly $push: StorePush
  }
}

/** Gives every store `$push`, and runs what its `push` option binds. */
export const piniaPlugin =
  (push: AppClient, installed: () => boolean): PiniaPlugin =>
  ({ store, options, app }) => {
    // What hot module replacement makes to compare with is no store that anybody reads.
    if (store.$id.startsWith('__hot:')) return
    const scope = getCurrentScope()
    const begin = options.push
    if (!begin || !scope) return { $push: storePush([]) }
    if (!installed()) {
      const message = `store "${store.$id}" is bound to a channel, and no app uses the push plugin yet: app.use(pinia).use(push), before the store is first used`
      throw new PushError('no-push', DEV && message)
    }

    const report = reporter(app)
    const patch = (change: (state: StateTree) => void) => {
      try {
        store.$patch(change)
      } catch (error) {
        // It came from one of the store's subscribers: `change` throws nothing.
        report(error)
      }
    }
    const { bind, bindings } = binder({ push, installed, scope, patch, report })
    const $push = storePush(bindings)

    // What was reset lacks what the channel told before, so it begins from a snapshot again.
    const { $reset } = store
    store.$reset = () => {
      $reset.call(store)
      $push.refresh()
    }
    begin({ bind, store })
    return { $push }
  }

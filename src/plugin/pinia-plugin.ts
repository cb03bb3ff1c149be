import { getCurrentScope } from 'vue'
import type { PiniaPlugin, StateTree } from 'pinia'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/dev.ts'
import type { AppClient } from '../composables/app-client.ts'
import { reporter } from '../composables/report.ts'
import { binder } from './bind.ts'
import { storePush } from './store-push.ts'

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

import { getCurrentScope, onScopeDispose } from 'vue'
import type { Pinia, PiniaPlugin, PiniaPluginContext, StateTree } from 'pinia'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import type { AppClient } from '../composables/app-client.ts'
import { onServer } from '../composables/internal/follow-source.ts'
import { errorReporter } from '../composables/internal/error-reporter.ts'
import { binder } from './binding.ts'
import { HOT } from './hot.ts'
import { keptPlaces } from './kept-places.ts'
import { storePush } from './store-push.ts'

type PushOption = PiniaPluginContext['options']['push']

/** Gives every store `$push`, and runs what its `push` option binds. */
export function piniaPlugin(push: AppClient, installed: () => boolean): PiniaPlugin {
  // Pinia hands a changed option to the store of the comparison only.
  const changes = new WeakMap<Pinia, Map<string, (option: PushOption) => void>>()

  return ({ store, options, app, pinia }) => {
    const { $id } = store
    if ($id.startsWith(HOT)) return changes.get(pinia)?.get($id.slice(HOT.length))?.(options.push)
    const scope = getCurrentScope()
    if (!scope) return
    const report = errorReporter(app)
    const patch = (change: (state: StateTree) => void) => {
      try {
        store.$patch(change)
      } catch (error) {
        // It came from one of the store's subscribers: `change` throws nothing.
        report(error)
      }
    }
    const places = keptPlaces(pinia.state, $id)
    const bindings = binder({ push, installed, scope, places, patch, report })
    const $push = storePush(() => bindings.bindings)
    const begin = (option: PushOption) => bindings.begin((bindChannel) => option?.({ bindChannel, store }))

    // What was reset lacks what the channel told before, so it begins from a snapshot again.
    const { $reset } = store
    store.$reset = () => {
      $reset.call(store)
      if (!onServer()) void $push.refresh()
    }
    try {
      if (options.push && !installed()) throw unused($id)
      begin(options.push)
    } catch (error) {
      // Pinia keeps what a plugin threw at, so that the next use would find half of a store.
      store.$dispose()
      throw error
    }

    if (DEV) {
      const others = changes.get(pinia) ?? new Map<string, (option: PushOption) => void>()
      changes.set(pinia, others)
      const changed = (option: PushOption) =>
        // The store has the new state, getters and actions then.
        queueMicrotask(() => {
          try {
            begin(option)
          } catch (error) {
            report(error)
          }
        })
      others.set($id, changed)
      onScopeDispose(() => others.get($id) === changed && others.delete($id))
    }
    return { $push }
  }
}

const unused = (id: string) =>
  new PushError(
    'plugin-not-installed',
    DEV &&
      `store "${id}" is bound to a channel, and no app uses the push plugin yet: app.use(pinia).use(push), before the store is first used`,
  )

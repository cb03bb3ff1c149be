import { getCurrentScope, onScopeDispose } from 'vue'
import type { Pinia, PiniaPlugin, PiniaPluginContext, StateTree } from 'pinia'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import type { AppClient } from '../composables/push-key.ts'
import { errorReporter } from '../composables/internal/error-reporter.ts'
import { onServer } from '../composables/internal/follow-source.ts'
import { binder } from './binding.ts'
import { prefetchedPositions } from './ssr.ts'
import { storePush } from './store-push.ts'

/** The prefix of the stores that Pinia creates in hot module replacement, to compare with. No component uses them. */
export const HOT = '__hot:'

type PushOption = PiniaPluginContext['options']['push']

/** Returns the Pinia plugin that gives every store `$push`, and runs the store's `push` option. */
export function piniaPlugin(push: AppClient, installed: () => boolean): PiniaPlugin {
  // Pinia passes a changed option only to the store that it compares with.
  const updates = new WeakMap<Pinia, Map<string, (option: PushOption) => void>>()

  return ({ store, options, app, pinia }) => {
    const { $id } = store
    if ($id.startsWith(HOT)) return updates.get(pinia)?.get($id.slice(HOT.length))?.(options.push)
    const scope = getCurrentScope()
    if (!scope) return
    const report = errorReporter(app)
    const patch = (change: (state: StateTree) => void) => {
      try {
        store.$patch(change)
      } catch (error) {
        // A subscriber of the store threw it: `change` does not throw.
        report(error)
      }
    }
    const positions = prefetchedPositions(pinia.state, $id)
    const bindings = binder({ push, installed, scope, positions, patch, report })
    const $push = storePush(() => bindings.bindings)
    const run = (option: PushOption) => bindings.run((bindChannel) => option?.({ bindChannel, store }))

    // The initial state lacks all messages so far, so it needs a snapshot again.
    const { $reset } = store
    store.$reset = () => {
      $reset.call(store)
      if (!onServer()) void $push.refresh()
    }
    try {
      if (options.push && !installed()) throw notInstalled($id)
      run(options.push)
    } catch (error) {
      // Pinia keeps a store whose plugin threw, so the next use would get an incomplete one.
      store.$dispose()
      throw error
    }

    if (DEV) {
      const ofPinia = updates.get(pinia) ?? new Map<string, (option: PushOption) => void>()
      updates.set(pinia, ofPinia)
      const update = (option: PushOption) =>
        // By then the store has its new state, getters and actions.
        queueMicrotask(() => {
          try {
            run(option)
          } catch (error) {
            report(error)
          }
        })
      ofPinia.set($id, update)
      onScopeDispose(() => ofPinia.get($id) === update && ofPinia.delete($id))
    }
    return { $push }
  }
}

const notInstalled = (id: string) =>
  new PushError(
    'plugin-not-installed',
    DEV &&
      `Store "${id}" cannot bind a channel: no app uses the push plugin yet. Call app.use(pinia).use(push) before the store is first used.`,
  )

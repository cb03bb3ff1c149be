import { BehaviorSubject, switchMap } from 'rxjs'
import { shallowRef, type App } from 'vue'
import type { PiniaPlugin, StateTree } from 'pinia'
import {
  backoff,
  createPushClient,
  pageLifecycle,
  type PushClient,
  type PushClientOptions,
} from '../observables/index.ts'
import { pushKey, type AppClient } from '../composables/push-key.ts'
import type { BindChannel } from './binding.ts'
import { piniaPlugin } from './pinia-plugin.ts'
import { warnOfSetUp } from './set-up-warnings.ts'
import { connectDevtools } from './connect-devtools.ts'
import type { StorePush } from './store-push.ts'
import { hostScheduler } from '../observables/internal/time.ts'

// In the file of `Push`, because the bundler of declarations keeps an augmentation only beside an export.
declare module 'pinia' {
  // An augmentation must repeat Pinia's names of the type parameters.
  interface DefineStoreOptionsBase<S extends StateTree, Store> {
    /**
     * Binds channels to the store. They are connected until the store is disposed of.
     *
     * @example
     * push: ({ bindChannel, store }) => bindChannel(() => (store.account ? orders({ account: store.account }) : null), {
     *   snapshot: async () => ({ state: { byId: await fetchOrders(store.account) } }),
     *   apply: (state, message) => { state.byId[message.data.id] = message.data },
     * })
     */
    push?: (context: { bindChannel: BindChannel<S>; store: Store }) => void
  }
  interface PiniaCustomProperties {
    /** The bindings of the store's `push` option. */
    readonly $push: StorePush
  }
}

/** A client that is also a Vue plugin. Create one for each app. */
export interface Push extends AppClient {
  /** Called by `app.use(push)`. The app's channels close when it is unmounted. */
  install(app: App): void
  /** The Pinia plugin for stores that bind channels: `pinia.use(push.pinia)`. */
  readonly pinia: PiniaPlugin
}

/**
 * Creates a client for an app. Components read its channels with `usePushChannel`, stores with their `push` option. On a
 * server it connects nothing. Unlike a plain client it follows the page's lifecycle (`lifecycle: pageLifecycle()`), unless
 * you pass `lifecycle: false`.
 *
 * @throws PushError `invalid-option` if an option is unknown, has another type or is out of its range.
 * @example
 * const push = createPush({ technique: webSocket(), backend: nchan() })
 * const pinia = createPinia().use(push.pinia)
 * createApp(App).use(pinia).use(push).mount('#app')
 */
export function createPush({
  retry = backoff(),
  scheduler = hostScheduler,
  lifecycle = pageLifecycle(),
  ...options
}: PushClientOptions = {}): Push {
  const fresh = () => createPushClient({ ...options, retry, scheduler, lifecycle })
  const client = new BehaviorSubject(fresh())
  const apps = shallowRef(0)

  const push: Push = {
    scheduler,
    retry,
    // The namespace of a backend's cursors is its name.
    namespace: options.backend?.name ?? 'standard',
    // TypeScript does not infer overloads through a wrapper, which passes its arguments on unchanged.
    channel: ((...args: [never, never]) => client.value.channel(...args)) as PushClient['channel'],
    channels$: client.pipe(switchMap(({ channels$ }) => channels$)),
    close: () => client.value.close(),
    pinia: (context) => stores(context),
    install(app) {
      if (process.env.NODE_ENV !== 'production') warnOfSetUp(app)
      app.provide(pushKey, push)
      apps.value += 1
      app.onUnmount(() => {
        apps.value -= 1
        if (apps.value > 0) return
        // An app that is mounted again gets a client of its own.
        client.value.close()
        client.next(fresh())
      })
      // Last, so that the developer tools still show how the channels close.
      if (process.env.NODE_ENV !== 'production') connectDevtools(app, push)
    },
  }
  const stores = piniaPlugin(push, () => apps.value > 0)
  return push
}

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
import type { AppClient } from '../composables/app-client.ts'
import { pushKey } from '../composables/push-key.ts'
import type { BindChannel } from './binding.ts'
import { piniaPlugin } from './pinia-plugin.ts'
import { warnOfSetUp } from './set-up-warnings.ts'
import { connectDevtools } from './connect-devtools.ts'
import type { StorePush } from './store-push.ts'
import { hostScheduler } from '../observables/internal/time.ts'

// Beside `Push`, because what bundles declarations keeps an augmentation only with what is exported.
declare module 'pinia' {
  // The names of the type parameters are Pinia's.
  interface DefineStoreOptionsBase<S extends StateTree, Store> {
    /**
     * Binds channels to the store: connected while the store lives.
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
    /** What the store's `push` option bound. */
    readonly $push: StorePush
  }
}

/** A client that is also a Vue plugin: one for each app. */
export interface Push extends AppClient {
  /** Called by `app.use(push)`. What the app reads is closed when it is unmounted. */
  install(app: App): void
  /** For `pinia.use(push.pinia)`: stores that bind channels. */
  readonly pinia: PiniaPlugin
}

/**
 * Makes a client for an app: components read it by `usePushChannel`, stores by their `push` option. On a server it
 * connects nothing. Unlike a plain client it knows of the page's life (`lifecycle: pageLifecycle()`); `lifecycle: false`
 * does not.
 *
 * @throws PushError `invalid-option` where a number is out of its range.
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
    // A backend's cursors count in the namespace of its name.
    namespace: options.backend?.name ?? 'standard',
    // Overloads are not inferred through a wrapper; the arguments are passed on as they are.
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
        // An app that is mounted anew begins with a client of its own.
        client.value.close()
        client.next(fresh())
      })
      // Last, so that the tools are shown how its channels close.
      if (process.env.NODE_ENV !== 'production') connectDevtools(app, push)
    },
  }
  const stores = piniaPlugin(push, () => apps.value > 0)
  return push
}

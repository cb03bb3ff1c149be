import type { PiniaPlugin } from 'pinia'
import type { App } from 'vue'
import { PUSH } from '../composables/inject-push.ts'
import { createPushClient, type PushClient, type PushClientOptions } from '../observables/index.ts'
import { storePush } from './store-push.ts'

/** A client that is also a Vue plugin, and brings the Pinia plugin. */
export interface Push extends PushClient {
  /** For `app.use`. */
  install(app: App): void
  /** For `pinia.use`: stores may then have a `push` option. */
  readonly pinia: PiniaPlugin
}

/**
 * Makes the push client of one app. On a server make one for each request, so that no token or state is shared.
 *
 * @example
 * const push = createPush({ via: webSocket(), dialect: nchan() })
 * const pinia = createPinia().use(push.pinia)
 * createApp(App).use(pinia).use(push).mount('#app')
 */
export function createPush(options: PushClientOptions = {}): Push {
  const client = createPushClient(options)
  const ends = new Set<() => void>()
  return {
    ...client,
    install(app) {
      app.provide(PUSH, client)
      app.onUnmount(() => {
        for (const end of ends) end()
        client.close()
      })
    },
    pinia: storePush(client, options, ends),
  }
}

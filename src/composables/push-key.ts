import { hasInjectionContext, inject, type InjectionKey } from 'vue'
import { PushError } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'
import type { AppClient } from './app-client.ts'

/** Where an app keeps its client. */
export const pushKey: InjectionKey<AppClient> = Symbol('pinia-push')

/** The app's client, for the composable called so. @throws PushError `plugin-not-installed` */
export function appPush(caller: string): AppClient {
  const push = hasInjectionContext() ? inject(pushKey, undefined) : undefined
  if (push) return push
  throw new PushError(
    'plugin-not-installed',
    DEV &&
      `${caller}() found no push plugin: app.use(createPush({ technique: sse() })) before app.mount(), and call it in setup(); elsewhere name the client by its option \`client\``,
  )
}

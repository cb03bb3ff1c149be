import type { SchedulerLike } from 'rxjs'
import { hasInjectionContext, inject, type InjectionKey } from 'vue'
import { PushError, type PushClient, type RetryPolicy } from '../observables/index.ts'
import { DEV } from '../observables/internal/dev.ts'

/** A client that exposes its settings, so that stores and composables use the same ones. */
export interface AppClient extends PushClient {
  /** The scheduler of its timers. */
  readonly scheduler: SchedulerLike
  /** When it retries. */
  readonly retry: RetryPolicy
  /** The namespace of cursors that the server gave outside the channel, with a snapshot for example. */
  readonly namespace: string
}

/** The injection key of an app's client. */
export const pushKey: InjectionKey<AppClient> = Symbol('pinia-push')

/** Returns the app's client to the composable named `caller`. @throws PushError `plugin-not-installed` */
export function injectPush(caller: string): AppClient {
  const push = hasInjectionContext() ? inject(pushKey, undefined) : undefined
  if (push) return push
  throw new PushError(
    'plugin-not-installed',
    DEV &&
      `${caller}() found no push plugin: it was not called in setup(), or the app does not use it. Call app.use(createPush({ technique: sse() })) before app.mount(), or pass the option \`client\`.`,
  )
}

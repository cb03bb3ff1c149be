import { hasInjectionContext, inject, type InjectionKey } from 'vue'
import { PushError, type PushClient } from '../observables/index.ts'

/** Where an app keeps its client. */
export const PUSH: InjectionKey<PushClient> = Symbol('pinia-push')

/** The app's client. @throws PushError `no-push` */
export function injectPush(): PushClient {
  const push = hasInjectionContext() ? inject(PUSH, undefined) : undefined
  if (push) return push
  throw new PushError(
    'no-push',
    'no push plugin is installed here: write `app.use(createPush({ via: sse() }))` where the app is created, and call composables in setup()',
  )
}

/** On a server nothing connects: a page is rendered once and is gone. */
export const IS_SERVER = typeof window === 'undefined'

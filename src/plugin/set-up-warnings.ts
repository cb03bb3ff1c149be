import { hasInjectionContext, inject, type App } from 'vue'
import type { Pinia } from 'pinia'
import { pushKey } from '../composables/push-key.ts'
import { HOT } from './pinia-plugin.ts'

/**
 * Warns in development of mistakes that cause no error: a store whose `push` option is never run, and a second client that
 * replaces the first. Called by `install`, before it provides its client.
 */
export function warnOfSetUp(app: App): void {
  if (app.runWithContext(() => hasInjectionContext() && inject(pushKey, undefined)))
    warn('A second createPush() replaces the first in this app. Create one client, and call app.use(push) once.')
  onPinia(app, (pinia) =>
    // The store has what plugins add only after the last plugin has run.
    pinia.use(({ store, options }) => void queueMicrotask(() => checkStore(store, options))),
  )
}

/**
 * Calls `found` with the app's Pinia, now or when the app gets one: before its first store is created, which may be in the
 * same task.
 */
function onPinia(app: App, found: (pinia: Pinia) => void): void {
  const { globalProperties } = app.config
  const present = globalProperties['$pinia'] as Pinia | undefined
  if (present) return found(present)
  Object.defineProperty(globalProperties, '$pinia', {
    configurable: true,
    enumerable: true,
    get: () => undefined,
    set(value: Pinia) {
      Object.defineProperty(globalProperties, '$pinia', { configurable: true, enumerable: true, writable: true, value })
      found(value)
    },
  })
}

function checkStore(store: object & { $id?: string }, { push }: { push?: unknown }): void {
  if (push === undefined || '$push' in store || store.$id?.startsWith(HOT)) return
  warn(
    `Store "${store.$id}" has a \`push\` option that is never run: this Pinia does not use the plugin. Call pinia.use(push.pinia) before app.use(pinia).`,
  )
}

const warn = (sentence: string) => console.warn(`[pinia-push] ${sentence}`)

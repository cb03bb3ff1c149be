import { hasInjectionContext, inject, type App } from 'vue'
import type { Pinia } from 'pinia'
import { pushKey } from '../composables/push-key.ts'
import { HOT } from './hot.ts'

/**
 * Warns in development of set-ups that look healthy and are not: a store whose `push` option nobody reads, and a second
 * client that hides the first. For `install`, before it provides its client.
 */
export function warnOfSetUp(app: App): void {
  if (app.runWithContext(() => hasInjectionContext() && inject(pushKey, undefined)))
    warn('A second createPush() replaces the first in this app. Create one client, and call app.use(push) once.')
  onPinia(app, (pinia) =>
    // A store has what every plugin adds to it only after the last of them ran.
    pinia.use(({ store, options }) => void queueMicrotask(() => checkStore(store, options))),
  )
}

/**
 * Calls `found` with the app's pinia: now, or when the app gets one. That is before its first store is made, which may
 * be in the same task.
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
  // Pinia makes stores of its own to compare with, in hot module replacement.
  if (push === undefined || '$push' in store || store.$id?.startsWith(HOT)) return
  warn(
    `Store "${store.$id}" has a \`push\` option, and this pinia does not know what it means. Call pinia.use(push.pinia) before app.use(pinia).`,
  )
}

const warn = (sentence: string) => console.warn(`[pinia-push] ${sentence}`)

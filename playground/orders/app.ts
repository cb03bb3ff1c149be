import { createPinia } from 'pinia'
import { backoff, createPush, nchan, webSocket } from 'pinia-push'
import { createApp } from 'vue'
import OrderDesk from './OrderDesk.vue'
import { deskAt } from './desk-api.ts'

export interface Where {
  /** The desk's HTTP origin. */
  origin: string
  /** The hub's origin: another port, whose connections can be broken. */
  line: string
}

/** Creates the app: once per request on the server, once per page. `create` is Vue's own. */
export function createDesk({ origin, line }: Where, create = createApp) {
  // A short delay, for a demonstration.
  const push = createPush({
    technique: webSocket(),
    backend: nchan(),
    baseUrl: line,
    retry: backoff({ maxDelay: 8_000 }),
  })
  const pinia = createPinia()
    .use(() => ({ desk: deskAt(origin) }))
    .use(push.pinia)
  return { app: create(OrderDesk).use(pinia).use(push), pinia, push }
}

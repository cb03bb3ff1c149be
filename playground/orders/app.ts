import { createPinia } from 'pinia'
import { backoff, createPush, nchan, webSocket } from 'pinia-push'
import { createApp } from 'vue'
import OrderDesk from './OrderDesk.vue'
import { deskAt } from './desk-api.ts'

export interface Where {
  /** Where the desk answers. */
  origin: string
  /** Where the hub is reached: another port, so that this line can be broken. */
  line: string
}

/** The app, as the server makes it for each request and a page once; `create` is Vue's own. */
export function createDesk({ origin, line }: Where, create = createApp) {
  // A demonstration does not wait half a minute.
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

import { createPinia } from 'pinia'
import { backoff, createPush, nchan, webSocket } from 'pinia-push'
import { createApp } from 'vue'
import App from './App.vue'
import './style.css'

// The hub says itself how often it beats; nginx does not, so its server says it to the page.
const heartbeat = Number(document.querySelector('meta[name="heartbeat"]')?.getAttribute('content') ?? 0)
const backend = heartbeat > 0 ? nchan({ heartbeat }) : nchan()

// A demonstration does not wait: half a minute to come back, or a minute to look whether an idle link is dead.
const push = createPush({
  technique: webSocket(),
  backend,
  retry: backoff({ maxDelay: 8_000 }),
  idleReconnectAfter: 10_000,
})
const pinia = createPinia().use(push.pinia)

createApp(App).use(pinia).use(push).mount('#app')

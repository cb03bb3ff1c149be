import { createPinia } from 'pinia'
import { backoff, createPush, nchan, webSocket } from 'pinia-push'
import { createApp } from 'vue'
import App from './App.vue'
import './style.css'

// The hub sends its heartbeat interval. nginx does not, so the page has it in a meta element.
const heartbeat = Number(document.querySelector('meta[name="heartbeat"]')?.getAttribute('content') ?? 0)
const backend = heartbeat > 0 ? nchan({ heartbeat }) : nchan()

// Short delays, for a demonstration.
const push = createPush({
  technique: webSocket(),
  backend,
  retry: backoff({ maxDelay: 8_000 }),
  idleReconnectAfter: 10_000,
})
const pinia = createPinia().use(push.pinia)

createApp(App).use(pinia).use(push).mount('#app')

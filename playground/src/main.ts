import { createPinia } from 'pinia'
import { backoff, createPush, nchan, webSocket } from 'pinia-push'
import { createApp } from 'vue'
import App from './App.vue'
import './style.css'

// A demonstration does not wait half a minute.
const push = createPush({ via: webSocket(), dialect: nchan(), retry: backoff({ max: 8_000 }) })
const pinia = createPinia().use(push.pinia)

createApp(App).use(pinia).use(push).mount('#app')

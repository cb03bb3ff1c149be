import { createPinia } from 'pinia'
import { createPush, nchan, webSocket } from 'pinia-push'
import { createApp } from 'vue'
import App from './App.vue'
import './style.css'

const push = createPush({ via: webSocket(), dialect: nchan() })
const pinia = createPinia().use(push.pinia)

createApp(App).use(pinia).use(push).mount('#app')

// src/app.ts
import { createPinia } from 'pinia'
import { createSSRApp } from 'vue'
import App from './App.vue'
import { createAppPush } from './push'

/** On a server once for each request, so that no state and no token is shared. */
export function createShop() {
  const push = createAppPush()
  const pinia = createPinia().use(push.pinia)
  return { app: createSSRApp(App).use(pinia).use(push), pinia }
}

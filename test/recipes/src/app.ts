// src/app.ts
import { createPinia } from 'pinia'
import { createSSRApp } from 'vue'
import App from './App.vue'
import { createAppPush } from './push'

/** Call it once per request on a server, so that requests share no state and no token. */
export function createShop() {
  const push = createAppPush()
  const pinia = createPinia().use(push.pinia)
  return { app: createSSRApp(App).use(pinia).use(push), pinia }
}

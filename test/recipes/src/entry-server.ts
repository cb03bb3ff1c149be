// src/entry-server.ts
import { renderToString } from 'vue/server-renderer'
import { createShop } from './app'
import { useOrders } from './stores/orders'

/** Does not connect. Loads the snapshot once; Pinia's state includes its cursor. */
export async function render(account: string) {
  const { app, pinia } = createShop()
  useOrders(pinia).account = account
  const html = await renderToString(app)
  return { html, state: JSON.stringify(pinia.state.value).replaceAll('<', '\\u003c') }
}

// src/entry-server.ts
import { renderToString } from 'vue/server-renderer'
import { createShop } from './app'
import { useOrders } from './stores/orders'

/** Nothing connects here: the snapshot is taken once, and its cursor travels with pinia's state. */
export async function render(account: string) {
  const { app, pinia } = createShop()
  useOrders(pinia).account = account
  const html = await renderToString(app)
  return { html, state: JSON.stringify(pinia.state.value).replaceAll('<', '\\u003c') }
}

import { createSSRApp } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createDesk, type Where } from './app.ts'

/** Renders the app to HTML, and returns its state with the channel's cursor. */
export async function render(where: Where) {
  const { app, pinia } = createDesk(where, createSSRApp)
  return { html: await renderToString(app), state: pinia.state.value }
}

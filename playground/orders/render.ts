import { createSSRApp } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createDesk, type Where } from './app.ts'

/** The app as HTML, and the state that it was made from, places included. */
export async function render(where: Where) {
  const { app, pinia } = createDesk(where, createSSRApp)
  return { html: await renderToString(app), state: pinia.state.value }
}

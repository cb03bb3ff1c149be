import { createApp, createSSRApp, nextTick } from 'vue'
import { createDesk } from './app.ts'
import { orders } from './orders-store.ts'
import { drawTape } from './tape.ts'

const line = document.querySelector<HTMLMetaElement>('meta[name="line"]')?.content ?? location.origin
const rendered = document.querySelector('#state')?.textContent

const { app, pinia, push } = createDesk({ origin: location.origin, line }, rendered ? createSSRApp : createApp)
// The server's state, and the place in the channel up to which it holds: the page goes on from there.
if (rendered) pinia.state.value = JSON.parse(rendered)
app.mount('#app')

// Beside Vue: the same channel, the same connection. The store is the first to read it, because only it knows the place
// to go on from; while a page hydrates, it begins at the end of the task.
await nextTick()
const tape = document.querySelector<HTMLElement>('#tape')
if (tape) drawTape(tape, push.channel(orders()))

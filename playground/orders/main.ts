import { createApp, createSSRApp, nextTick } from 'vue'
import { createDesk } from './app.ts'
import { orders } from './orders-store.ts'
import { drawTape } from './tape.ts'

const line = document.querySelector<HTMLMetaElement>('meta[name="line"]')?.content ?? location.origin
const rendered = document.querySelector('#state')?.textContent

const { app, pinia, push } = createDesk({ origin: location.origin, line }, rendered ? createSSRApp : createApp)
// The server's state includes the channel's cursor: the page resumes from there.
if (rendered) pinia.state.value = JSON.parse(rendered)
app.mount('#app')

// The tape shares the store's channel and connection. The store must subscribe first, because only it knows the cursor;
// while a page hydrates, it subscribes at the end of the task.
await nextTick()
const tape = document.querySelector<HTMLElement>('#tape')
if (tape) drawTape(tape, push.channel(orders()))

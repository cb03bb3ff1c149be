// src/entry-client.ts
import { createShop } from './app'

const { app, pinia } = createShop()
// The store goes on from the cursor: nothing is fetched again, and what was published meanwhile is there.
pinia.state.value = JSON.parse(document.querySelector('#state')?.textContent ?? '{}')
app.mount('#app')

// src/entry-client.ts
import { createShop } from './app'

const { app, pinia } = createShop()
// The store resumes from the cursor: nothing is fetched again, and messages published meanwhile arrive.
pinia.state.value = JSON.parse(document.querySelector('#state')?.textContent ?? '{}')
app.mount('#app')

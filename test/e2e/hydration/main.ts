import { createShop } from './shop.ts'

const query = new URLSearchParams(location.search)
const { app, pinia, useOrders } = createShop(query.get('technique') ?? '', location.href, query.get('channel') ?? '')
pinia.state.value = JSON.parse(document.querySelector('#state')?.textContent ?? '{}')
app.mount('#app')
const store = useOrders(pinia)
Object.assign(globalThis, { store })

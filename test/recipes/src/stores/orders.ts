// src/stores/orders.ts
import { defineStore } from 'pinia'
import { fetchOrders } from '../api'
import { orders, type Order } from '../channels'

export const useOrders = defineStore('orders', {
  state: () => ({ account: '', byId: {} as Record<string, Order> }),
  push: ({ bindChannel, store }) => {
    // Another account is another channel; none is none.
    bindChannel(() => (store.account ? orders({ account: store.account }) : null), {
      // Taken when the channel is open, and again after a gap. `cursor`: the channel's place, read before the state was.
      snapshot: async ({ signal }) => {
        const { cursor, byId } = await fetchOrders(store.account, signal)
        return { cursor, state: { byId } }
      },
      apply: (state, { data }) => {
        state.byId[data.id] = data
      },
    })
  },
})

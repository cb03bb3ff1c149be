// src/stores/orders.ts
import { defineStore } from 'pinia'
import { fetchOrders } from '../api'
import { orders, type Order } from '../channels'

export const useOrders = defineStore('orders', {
  state: () => ({ account: '', byId: {} as Record<string, Order> }),
  push: ({ bindChannel, store }) => {
    // Each account has its own channel. `null` while no account is set.
    bindChannel(() => (store.account ? orders({ account: store.account }) : null), {
      // Loads when the channel opens, and again after a gap. Read `cursor` before the state.
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

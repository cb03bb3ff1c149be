// src/channels.ts
import { defineChannel } from 'pinia-push/observables'

export interface Order {
  id: string
  state: 'open' | 'filled' | 'cancelled'
}

export const orders = defineChannel({
  url: ({ account }: { account: string }) => `/push/orders-${account}`,
  decode: (raw) => JSON.parse(raw) as Order,
})

export const notices = defineChannel({ url: '/push/notices', decode: (raw) => raw })

import { createPinia, defineStore } from 'pinia'
import {
  createPush,
  defineChannel,
  fetchStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  type Snapshot,
  type Technique,
} from 'pinia-push'
import { createSSRApp, defineComponent, h, onServerPrefetch } from 'vue'

const TECHNIQUES: Record<string, (() => Technique) | undefined> = { polling, longPolling, fetchStream, sse, webSocket }

/** The app, as a server makes it for each request and a page once. */
export function createShop(technique: string, baseUrl: string, channel: string) {
  const push = createPush({ technique: (TECHNIQUES[technique] ?? webSocket)(), backend: nchan(), baseUrl })
  const pinia = createPinia().use(push.pinia)
  const orders = defineChannel({ url: `/push/${channel}`, decode: (raw) => Number(raw) })
  const useOrders = defineStore('orders', {
    state: () => ({ list: [] as number[] }),
    push: ({ bindChannel }) =>
      bindChannel(orders(), {
        snapshot: async () => {
          const answer = await fetch(new URL(`/orders/${channel}`, baseUrl))
          return (await answer.json()) as Snapshot<{ list: number[] }>
        },
        apply: (state, { data }) => void state.list.push(data),
      }),
  })
  const Shop = defineComponent(() => {
    const store = useOrders()
    onServerPrefetch(() => store.$push.refresh())
    return () => h('p', { id: 'orders' }, store.list.join())
  })
  return { app: createSSRApp(Shop).use(pinia).use(push), pinia, useOrders }
}

// @vitest-environment jsdom
import { createPinia, defineStore, type StateTree } from 'pinia'
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from 'vue'
import { createPush, defineChannel, type GapReason, type Snapshot } from 'pinia-push'
import type { HubOptions } from 'pinia-push/hub'
import { serveHub } from './serve-hub.ts'
import { waitFor } from '../wait-for.ts'

interface Price {
  symbol: string
  price: number
}
interface State {
  market: string | null
  bySymbol: Record<string, number>
  applied: number[]
}
const prices = defineChannel<Price, { market: string }>({ topic: ({ market }) => `prices/${market}` })
let stores = 0

/** Mounts an app with a store of prices. `load` is the backend: it reads the cursor, then the state. */
async function mountPrices({
  load = () => ({ bySymbol: {} }),
  before,
  hub: hubOptions,
}: {
  load?: () => Partial<State>
  before?: (served: Awaited<ReturnType<typeof serveHub>>, store: string) => Record<string, StateTree>
  hub?: HubOptions
} = {}) {
  const served = await serveHub(hubOptions)
  const push = createPush(served.client)
  const pinia = createPinia().use(push.pinia)
  const gaps: GapReason[] = []
  const snapshots: (string | undefined)[] = []
  stores += 1
  const usePrices = defineStore(`prices-${stores}`, {
    state: (): State => ({ market: 'eu', bySymbol: {}, applied: [] }),
    push: ({ bindChannel, store }) =>
      bindChannel(() => (store.market === null ? null : prices({ market: store.market })), {
        snapshot: async (): Promise<Snapshot<State>> => {
          const cursor = served.hub.cursor(`prices/${store.market}`)
          snapshots.push(cursor)
          return { cursor, state: load() }
        },
        apply: (state, { data }) => {
          state.bySymbol[data.symbol] = data.price
          state.applied.push(data.price)
        },
        onGap: ({ reason }) => gaps.push(reason),
      }),
  })
  if (before) pinia.state.value = JSON.parse(JSON.stringify(before(served, `prices-${stores}`)))
  const app = createApp({ render: () => null })
    .use(pinia)
    .use(push)
  app.mount(document.createElement('div'))
  onTestFinished(() => app.unmount())
  const store = usePrices(pinia)
  const quote = (price: number, market = 'eu') => served.publish(`prices/${market}`, { symbol: 'ACME', price })
  const applies = (...applied: number[]) => waitFor(() => expect(store.applied).toEqual(applied))
  const is = (status: string) => waitFor(() => expect(store.$push.status).toBe(status))
  return { ...served, push, store, gaps, snapshots, quote, applies, is }
}

test('a store applies the messages after its snapshot’s cursor, and none that the snapshot includes', async () => {
  let quoted = false
  const page = await mountPrices({
    load: () => {
      // Published after the cursor was read, and before the state: the message is applied to the state again.
      if (!quoted) page.quote(2)
      quoted = true
      return { bySymbol: { ACME: 2 }, applied: [1] }
    },
  })
  const { store, applies, quote, snapshots, is, gaps } = page
  await is('open')
  await applies(1, 2)
  quote(3)
  await applies(1, 2, 3)
  expect([store.bySymbol, snapshots.length, gaps, store.$push.technique]).toEqual([{ ACME: 3 }, 1, [], 'webSocket'])
})

test('a store resumes after the connection was lost, without another snapshot', async () => {
  const { quote, applies, proxy, snapshots, is, gaps } = await mountPrices()
  await is('open')
  quote(1)
  await applies(1)
  proxy.refuse(true)
  proxy.drop()
  await is('reconnecting')
  quote(2)
  proxy.refuse(false)
  await applies(1, 2)
  expect([snapshots.length, gaps]).toEqual([1, []])
})

test('after a gap a store loads a snapshot again', async () => {
  const { quote, applies, proxy, snapshots, is, gaps, store } = await mountPrices({
    load: () => ({ applied: [] }),
    hub: { history: { count: 1 } } as HubOptions,
  })
  await is('open')
  quote(1)
  await applies(1)
  proxy.refuse(true)
  proxy.drop()
  await is('reconnecting')
  for (const price of [2, 3, 4]) quote(price)
  proxy.refuse(false)
  await waitFor(() => expect(snapshots).toHaveLength(2))
  await is('open')
  quote(5)
  await waitFor(() => expect(store.applied.at(-1)).toBe(5))
  expect(gaps).toEqual(['history-expired'])
})

test('a store that moves to another topic mixes no messages, on one connection', async () => {
  const { quote, applies, proxy, store, is } = await mountPrices({ load: () => ({ applied: [] }) })
  await is('open')
  quote(1)
  await applies(1)
  store.market = 'us'
  await waitFor(() => expect(store.applied).toEqual([]))
  await is('open')
  quote(2)
  quote(7, 'us')
  await applies(7)
  expect(proxy.stats.open).toBe(1)
})

test('a paused store resumes from its position, and `send` resolves with the reply when the hub has published', async () => {
  const { quote, applies, store, is, snapshots } = await mountPrices({
    hub: { receive: ({ channel, data }) => ({ channel, data }) },
  })
  await is('open')
  quote(1)
  await applies(1)
  store.$push.pause()
  await is('idle')
  quote(2)
  store.$push.resume()
  await applies(1, 2)
  expect(await store.$push.send({ symbol: 'ACME', price: 3 })).toEqual({
    channel: 'prices/eu',
    data: '{"symbol":"ACME","price":3}',
  })
  await applies(1, 2, 3)
  expect(snapshots).toHaveLength(1)
})

test('a page resumes from the position of the server’s state, without a snapshot or a gap', async () => {
  const { applies, snapshots, is, gaps, quote } = await mountPrices({
    before({ hub, publish }, store) {
      const quoted = (price: number) => publish('prices/eu', { symbol: 'ACME', price })
      quoted(1)
      const cursor = hub.cursor('prices/eu')
      // Published between the rendering and the page's connection.
      quoted(2)
      return {
        [store]: { market: 'eu', bySymbol: { ACME: 1 }, applied: [1] },
        $push: { [`${store}/0`]: { url: '#prices%2Feu', cursor } },
      }
    },
  })
  await is('open')
  await applies(1, 2)
  quote(3)
  await applies(1, 2, 3)
  expect([snapshots, gaps]).toEqual([[], []])
})

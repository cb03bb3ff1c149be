import { createPinia, defineStore } from 'pinia'
import { expect, test } from 'vitest'
import { createSSRApp, defineComponent, h, onServerPrefetch } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createPush, defineChannel, hub, usePushChannel, usePushStatus, webSocket } from 'pinia-push'
import { serveHub } from './serve-hub.ts'

const prices = defineChannel<number>({ topic: 'prices' })

/** Renders a page with a store of prices, a composable and a banner, as a server does. */
async function render(options: Parameters<typeof createPush>[0], cursor: string | undefined) {
  const push = createPush(options)
  const pinia = createPinia().use(push.pinia)
  const usePrices = defineStore('prices', {
    state: () => ({ last: 0 }),
    push: ({ bindChannel }) =>
      bindChannel(prices(), {
        snapshot: async () => ({ cursor, state: { last: 7 } }),
        apply: (state, { data }) => void (state.last = data),
      }),
  })
  const Page = defineComponent(() => {
    const store = usePrices()
    const { status } = usePushChannel(prices())
    const banner = usePushStatus()
    onServerPrefetch(() => store.$push.refresh())
    return () => h('p', [store.last, status.value, banner.status.value].join())
  })
  const html = await renderToString(createSSRApp(Page).use(pinia).use(push))
  return { html, push, state: JSON.parse(JSON.stringify(pinia.state.value)) as unknown }
}

test('a server renders topics without a connection, and the position travels by the topic’s name', async () => {
  const served = await serveHub()
  served.publish('prices', 7)
  const cursor = served.hub.cursor('prices')
  const { html, state } = await render(served.client, cursor)
  expect(html).toBe('<p>7,idle,idle</p>')
  expect(state).toEqual({ prices: { last: 7 }, $push: { 'prices/0': { url: '#prices', cursor } } })
  expect(served.proxy.stats.connections).toBe(0)
})

test('outside a page rendering needs no `baseUrl`, and reading a topic does', async () => {
  const { html, push } = await render({ technique: webSocket(), backend: hub() }, undefined)
  expect(html).toBe('<p>7,idle,idle</p>')
  expect(() => push.channel(prices())).toThrow(
    expect.objectContaining({ code: 'invalid-url', message: expect.stringContaining('set `baseUrl`') }),
  )
})

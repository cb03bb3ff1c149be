// @vitest-environment jsdom
import { readFileSync } from 'node:fs'
import { mount } from '@vue/test-utils'
import { createPinia, defineStore } from 'pinia'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { defineComponent, h } from 'vue'
import { defineChannel, usePushChannel } from 'pinia-push'
import { createTestingPush } from 'pinia-push/testing'

const section = readFileSync('docs/guide/testing.md', 'utf8')
const [ofUrl = '', ofTopics = '', ofSends = ''] = [...section.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code)

/** Runs an example of the page with the names of a test, and returns some of its own. */
function run(example: string, names: Record<string, unknown>, result: string): Promise<Record<string, never>> {
  const { outputText } = ts.transpileModule(
    `async () => {${example.replaceAll(/^import .*$/gm, '')}; return ${result} }`,
    {
      compilerOptions: { target: ts.ScriptTarget.ESNext },
    },
  )
  const all = { mount, createPinia, createTestingPush, expect, ...names }
  return (
    new Function(...Object.keys(all), `return (${outputText.trim().replace(/;$/, '')})()`) as never as (
      ...values: unknown[]
    ) => Promise<Record<string, never>>
  )(...Object.values(all))
}

/** Renders the states of channels, with their last data. */
const showing = (...channels: Parameters<typeof usePushChannel>[0][]) =>
  defineComponent(() => {
    const views = channels.map((channel) => usePushChannel(channel))
    return () => h('p', views.map(({ status, data }) => `${status.value} ${JSON.stringify(data.value)}`).join(', '))
  })

test('the documented test of a channel with a URL passes', async () => {
  const { wrapper } = await run(ofUrl, { App: showing('/ticks') }, '{ wrapper }')
  expect((wrapper as unknown as ReturnType<typeof mount>).text()).toBe('reconnecting {"symbol":"ACME","price":12.5}')
})

const orders = defineChannel({ topic: 'orders' })
const prices = defineChannel({ topic: 'prices' })

test('the documented test of topics passes', async () => {
  const seen: string[] = []
  const Shop = defineComponent(() => {
    const { onMessage, onGap } = usePushChannel(orders())
    onMessage(({ data }) => seen.push(JSON.stringify(data)))
    onGap(({ reason }) => seen.push(reason))
    const states = [orders, prices].map((channel) => usePushChannel(channel()).status)
    return () => h('p', states.map(({ value }) => value).join())
  })
  let shop: ReturnType<typeof mount> | undefined
  const mounting = (...given: Parameters<typeof mount>) => (shop = mount(...given))
  await run(ofTopics, { Shop, mount: mounting }, '{}')
  expect(seen).toEqual(['{"id":"7","state":"open"}', 'history-expired'])
  await shop?.vm.$nextTick()
  expect(shop?.text()).toBe('closed,failed')
  shop?.unmount()
})

test('the documented test of sends passes', async () => {
  const useOrders = defineStore('orders', {
    state: () => ({ list: [] as unknown[] }),
    push: ({ bindChannel }) => bindChannel(orders(), { apply: (state, { data }) => state.list.push(data) }),
  })
  const Shop = defineComponent(() => {
    const store = useOrders()
    return () => h('p', store.$push.status)
  })
  const { orders: topic } = await run(ofSends, { Shop, useOrders }, '{ orders }')
  expect(topic).toMatchObject({ sent: ['{"buy":3}'], closed: false })
})

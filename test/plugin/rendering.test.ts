import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPinia, defineStore } from 'pinia'
import { expect, test } from 'vitest'
import { createSSRApp, defineComponent, h, onServerPrefetch } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { createPush, defineChannel, nchan, webSocket, type Snapshot } from 'pinia-push'
import { snapshotRequests } from './mount-store.ts'

interface State {
  account: string | null
  orders: string[]
}
const orders = defineChannel<string, { account: string }>({ url: ({ account }) => `/orders/${account}` })

interface Request {
  account?: string | null
  token?: string
  snapshot?: (token: string) => Promise<Snapshot<State>>
  base?: string
}
let id = 0
/** Creates an app, its client and its stores for one request. `List` is a component that calls refresh(). */
function request({
  account = 'a',
  token = 'none',
  snapshot = async () => ({ state: { orders: ['one'] }, cursor: '1:1' }),
  base: baseUrl = 'http://push.test/',
}: Request = {}) {
  id += 1
  const push = createPush({
    technique: webSocket(),
    backend: nchan(),
    baseUrl,
    prepareRequest: () => ({ headers: { authorization: token } }),
  })
  const pinia = createPinia().use(push.pinia)
  const useOrders = defineStore(`orders-${id}`, {
    state: (): State => ({ account, orders: [] }),
    push: ({ bindChannel, store }) =>
      bindChannel(() => (store.account === null ? null : orders({ account: store.account })), {
        snapshot: () => snapshot(token),
        apply: () => {},
      }),
  })
  const List = defineComponent(() => {
    const store = useOrders()
    onServerPrefetch(() => store.$push.refresh())
    return () => h('p', `${store.$push.status} ${store.$push.error?.code ?? 'well'}: ${store.orders.join()}`)
  })
  const render = (root = List) => renderToString(createSSRApp(root).use(pinia).use(push))
  return { pinia, List, render, place: () => pinia.state.value['$push'], id: `orders-${id}`, useOrders }
}

test('a thousand renderings open no connection and leave no timer', async () => {
  let sockets = 0
  const server = createServer((_, response) => response.end()).on('connection', () => (sockets += 1))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const timers = () => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate').length
  const before = timers()
  for (let n = 0; n < 1_000; n++) expect(await request({ base }).render()).toBe('<p>idle well: one</p>')
  expect([sockets, timers()]).toEqual([0, before])
  server.close()
})

test('a server loads the snapshot, and its position travels in Pinia’s state', async () => {
  const {
    render,
    pinia,
    id: store,
  } = request({
    snapshot: async () => ({ state: { orders: ['one'] }, cursor: '1:1', version: 7 }),
  })
  expect(await render()).toContain('one')
  expect(JSON.parse(JSON.stringify(pinia.state.value))).toEqual({
    [store]: { account: 'a', orders: ['one'] },
    $push: { [`${store}/0`]: { url: '/orders/a', cursor: '1:1', version: 7 } },
  })
})

test('a snapshot without a cursor travels without a position', async () => {
  const { render, place } = request({ snapshot: async () => ({ state: { orders: ['one'] } }) })
  expect(await render()).toContain('one')
  expect(place()).toBeUndefined()
})

test('the snapshot is loaded once for any number of components, and all of them wait for it', async () => {
  const snapshots = snapshotRequests<Snapshot<State>>()
  const { render, List } = request({ snapshot: () => snapshots.load(new AbortController()) })
  const rendered = render(defineComponent(() => () => [h(List), h(List)]))
  await expect.poll(() => snapshots.requests.length).toBe(1)
  snapshots.latest.resolve({ state: { orders: ['one'] } })
  expect((await rendered).match(/one/g)).toHaveLength(2)
  expect(snapshots.requests).toHaveLength(1)
})

test('two simultaneous requests share neither state, nor token, nor position', async () => {
  const snapshots = snapshotRequests<Snapshot<State>>()
  const tokens: string[] = []
  const snapshot = (token: string) => {
    tokens.push(token)
    return snapshots.load(new AbortController())
  }
  const [ann, bob] = [
    request({ account: 'ann', token: 'A', snapshot }),
    request({ account: 'bob', token: 'B', snapshot }),
  ]
  const rendered = Promise.all([ann.render(), bob.render()])
  await expect.poll(() => snapshots.requests.length).toBe(2)
  snapshots.requests[1]?.resolve({ state: { orders: ['of bob'] }, cursor: '2:2' })
  snapshots.requests[0]?.resolve({ state: { orders: ['of ann'] }, cursor: '1:1' })
  const [first, second] = await rendered
  expect([first, second]).toEqual(['<p>idle well: of ann</p>', '<p>idle well: of bob</p>'])
  expect(tokens).toEqual(['A', 'B'])
  expect(ann.place()).toEqual({ [`${ann.id}/0`]: { url: '/orders/ann', cursor: '1:1' } })
  expect(bob.place()).toEqual({ [`${bob.id}/0`]: { url: '/orders/bob', cursor: '2:2' } })
})

test('a snapshot that fails sets the error, and the rest is rendered', async () => {
  const { render, place } = request({ snapshot: () => Promise.reject(new Error('503')) })
  expect(await render()).toBe('<p>idle snapshot-failed: </p>')
  expect(place()).toBeUndefined()
})

test('without a channel no snapshot is loaded', async () => {
  const { render, place } = request({ account: null })
  expect(await render()).toBe('<p>idle well: </p>')
  expect(place()).toBeUndefined()
})

test('another channel loads another snapshot, and the old one is not applied', async () => {
  const snapshots = snapshotRequests<Snapshot<State>>()
  const {
    pinia,
    useOrders,
    place,
    id: store,
    render,
  } = request({
    snapshot: () => snapshots.load(new AbortController()),
  })
  const Page = defineComponent(() => {
    const all = useOrders()
    onServerPrefetch(async () => {
      const old = all.$push.refresh()
      all.account = 'b'
      const taken = all.$push.refresh()
      snapshots.requests[1]?.resolve({ state: { orders: ['of b'] }, cursor: '2:2' })
      snapshots.requests[0]?.resolve({ state: { orders: ['of a'] }, cursor: '1:1' })
      await Promise.all([old, taken])
    })
    return () => h('p', all.orders.join())
  })
  expect(await render(Page)).toBe('<p>of b</p>')
  expect(place()).toEqual({ [`${store}/0`]: { url: '/orders/b', cursor: '2:2' } })
  expect(pinia.state.value[store]?.['account']).toBe('b')
})

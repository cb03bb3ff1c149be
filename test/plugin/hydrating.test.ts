// @vitest-environment jsdom
import { createPinia } from 'pinia'
import { expect, onTestFinished, test } from 'vitest'
import { createApp } from 'vue'
import { nchan, type Push, type Snapshot } from 'pinia-push'
import { createTestingPush, type Testing, type TestingOptions } from 'pinia-push/testing'
import { snapshotRequests } from './mount-store.ts'
import { bound, list, orders, type State } from './order-store.ts'

/** Mounts a store with the state of a server, as on a page that was rendered there. */
function hydrated(place: unknown, options?: TestingOptions, before: (testing: Testing<Push>) => void = () => {}) {
  const snapshots = snapshotRequests<Snapshot<State>>()
  const useStore = bound({ snapshot: snapshots.load })
  const testing = createTestingPush({ backend: nchan(), ...options })
  const pinia = createPinia().use(testing.push.pinia)
  pinia.state.value = JSON.parse(
    JSON.stringify({
      [useStore.$id]: { account: 'a', list: ['one'], other: 'of the server' },
      ...(place !== undefined && { $push: { [`${useStore.$id}/0`]: place } }),
    }),
  )
  const app = createApp({ render: () => null })
    .use(pinia)
    .use(testing.push)
  app.mount(document.createElement('div'))
  onTestFinished(() => {
    app.unmount()
    testing.assertNoLeaks()
  })
  before(testing)
  return { ...testing, app, pinia, snapshots, store: useStore(pinia), useStore }
}
const AT = { url: '/orders/a', cursor: '100:1' }

test('a store resumes from the server’s state and cursor, without a snapshot or a gap', async () => {
  const { store, technique, snapshots, advance } = hydrated(AT)
  expect(technique.latest.request.cursor).toEqual({ namespace: 'nchan', value: '100:1' })
  technique.latest.open()
  technique.latest.message('two', { cursor: '100:2' })
  await advance()
  expect(store.list).toEqual(['one', 'two'])
  expect(snapshots.requests).toHaveLength(0)
})

test('messages that the server’s state includes are not applied again', async () => {
  const { store, technique, advance } = hydrated(AT)
  technique.latest.open()
  technique.latest.message('one', { cursor: '100:1' })
  technique.latest.message('two', { cursor: '100:2' })
  await advance()
  expect(store.list).toEqual(['one', 'two'])
})

test('a server that no longer knows the cursor causes a gap, and a snapshot is loaded', async () => {
  const { store, technique, snapshots, advance } = hydrated(AT)
  technique.latest.open()
  technique.latest.gap('history-expired')
  snapshots.latest.resolve(list('one', 'missed'))
  await advance()
  expect(store.list).toEqual(['one', 'missed'])
})

test('a server that cannot resume causes a gap, and a snapshot is loaded', async () => {
  const { store, technique, snapshots, advance } = hydrated(AT, { mock: { resumes: false } })
  technique.latest.open()
  snapshots.latest.resolve(list('fresh'))
  await advance()
  expect(store.list).toEqual(['fresh'])
})

test('a channel that is read already may be past the cursor, so a snapshot is loaded', async () => {
  const { store, technique, snapshots, advance } = hydrated(AT, {}, ({ push, technique: scripted }) => {
    push.channel(orders({ account: 'a' })).messages$.subscribe()
    scripted.latest.open()
  })
  expect(technique.connections).toHaveLength(1)
  snapshots.latest.resolve(list('fresh'))
  await advance()
  expect(store.list).toEqual(['fresh'])
})

test.each([
  ['no position', undefined],
  ['the position of another channel', { ...AT, url: '/orders/b' }],
  ['an invalid position', { cursor: 7 }],
])('with %s a snapshot is loaded', async (_, place) => {
  const { store, technique, snapshots, advance } = hydrated(place)
  expect(technique.latest.request.cursor).toBeUndefined()
  technique.latest.open()
  snapshots.latest.resolve(list('fresh'))
  await advance()
  expect(store.list).toEqual(['fresh'])
})

test('the position is used once: a store that is created again loads a snapshot', () => {
  const { store, useStore, pinia, technique, snapshots } = hydrated(AT)
  technique.latest.open()
  store.$dispose()
  useStore(pinia)
  expect(technique.latest.request.cursor).toBeUndefined()
  technique.latest.open()
  expect(snapshots.requests).toHaveLength(1)
})

test('while the first connection fails, the server’s state stays, and no snapshot is loaded', async () => {
  const { store, technique, snapshots, advance } = hydrated(AT)
  technique.latest.refuse(503)
  await advance(250)
  expect([store.list, snapshots.requests.length]).toEqual([['one'], 0])
  expect(technique.latest.request.cursor?.value).toBe('100:1')
})

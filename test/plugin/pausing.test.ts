// @vitest-environment jsdom
import { defineStore } from 'pinia'
import { expect, test } from 'vitest'
import { mountStore } from './mount-store.ts'
import { bound, list, orders, withSnapshot } from './order-store.ts'

test('a paused store keeps its state, and resumes from there', async () => {
  const { store, technique, advance, snapshots } = withSnapshot()
  technique.latest.open()
  snapshots.latest.resolve(list('one'))
  await advance()
  technique.latest.message('two')
  store.$push.pause()
  expect(store.list).toEqual(['one', 'two'])
  expect([store.$push.status, technique.latest.closed]).toEqual(['idle', true])
  store.$push.resume()
  expect(technique.latest.request.cursor?.value).toBe('c1')
  technique.latest.open()
  technique.latest.message('three')
  await advance()
  expect(store.list).toEqual(['one', 'two', 'three'])
  expect(snapshots.requests).toHaveLength(1)
})

test('a paused store whose channel has other readers loads a fresh snapshot for the messages that it missed', async () => {
  const { store, push, technique, advance, snapshots } = withSnapshot()
  const other = push.channel(orders({ account: 'a' })).messages$.subscribe()
  technique.latest.open()
  snapshots.latest.resolve(list('one'))
  await advance()
  store.$push.pause()
  technique.latest.message('two')
  await advance()
  expect(store.list).toEqual(['one'])
  store.$push.resume()
  snapshots.latest.resolve(list('one', 'two'))
  await advance()
  expect([store.list, snapshots.requests.length]).toEqual([['one', 'two'], 2])
  other.unsubscribe()
})

test('pause() aborts a snapshot, which is loaded when the store reads again', async () => {
  const { store, technique, advance, snapshots } = withSnapshot()
  technique.latest.open()
  technique.latest.message('two')
  const [first] = snapshots.requests
  store.$push.pause()
  expect(first?.signal.aborted).toBe(true)
  first?.resolve(list('too early'))
  await advance(60_000)
  expect(store.list).toEqual([])
  store.$push.resume()
  technique.latest.open()
  snapshots.latest.resolve(list('one'))
  await advance()
  expect(store.list).toEqual(['one', 'two'])
})

test('a paused store does not connect to a new source until it resumes', async () => {
  const { store, technique, advance } = mountStore(bound())
  store.$push.pause()
  store.account = 'b'
  await advance()
  expect(technique.connections).toHaveLength(1)
  store.$push.resume()
  expect(technique.latest.request.url).toBe('http://push.test/orders/b')
})

test('one of two bindings pauses alone', () => {
  const useTwo = defineStore('two-that-pause', {
    state: () => ({ list: [] as string[] }),
    push: ({ bindChannel }) => {
      const first = bindChannel(orders({ account: 'a' }), { apply: () => {} })
      bindChannel(orders({ account: 'b' }), { apply: () => {} })
      first.pause()
    },
  })
  const { technique } = mountStore(useTwo)
  expect(technique.connections.map(({ closed }) => closed)).toEqual([true, false])
})

test('refresh() resolves when the snapshot is applied', async () => {
  const { store, technique, advance, snapshots } = withSnapshot()
  technique.latest.open()
  const refreshed = store.$push.refresh().then(() => [...store.list])
  snapshots.latest.resolve(list('one'))
  await advance()
  expect(await refreshed).toEqual(['one'])
})

test('refresh() resolves when the snapshot fails, and sets the error', async () => {
  const { store, technique, snapshots } = withSnapshot()
  technique.latest.open()
  const refreshed = store.$push.refresh()
  snapshots.latest.reject(new Error('503'))
  await refreshed
  expect(store.$push.error?.code).toBe('snapshot-failed')
})

test.each([
  ['the store pauses', (store: ReturnType<ReturnType<typeof bound>>) => store.$push.pause()],
  ['the store is disposed of', (store: ReturnType<ReturnType<typeof bound>>) => store.$dispose()],
  ['its source names no channel', (store: ReturnType<ReturnType<typeof bound>>) => (store.account = null)],
])('refresh() resolves when %s meanwhile', async (_, leave) => {
  const { store, technique } = withSnapshot()
  technique.latest.open()
  const refreshed = store.$push.refresh()
  leave(store)
  await refreshed
  expect(technique.latest.closed).toBe(true)
})

test('refresh() of a store without a snapshot or a channel resolves at once', async () => {
  const { store } = mountStore(bound())
  await store.$push.refresh()
  store.account = null
  await store.$push.refresh()
  expect(store.$push.error).toBeUndefined()
})

// @vitest-environment jsdom
import { acceptHMRUpdate, defineStore, type Pinia } from 'pinia'
import { expect, test } from 'vitest'
import { defineChannel, type BindChannel, type Snapshot } from 'pinia-push'
import { snapshotRequests, mountStore } from './mount-store.ts'

interface State {
  list: string[]
}
const news = defineChannel<string>({ url: '/news' })
const other = defineChannel<string>({ url: '/other' })

let id = 0
/** Returns a module of one store, and a function that edits its `push` option. */
function module() {
  const name = `hot-${(id += 1)}`
  const edited = (push: (context: { bindChannel: BindChannel<State> }) => void) =>
    defineStore(name, { state: (): State => ({ list: [] }), push })
  return { edited, hot: { data: {} as { pinia?: Pinia }, invalidate() {} } }
}
const appends =
  (mark: string) =>
  (state: State, { data }: { data: string }) =>
    void state.list.push(`${mark}${data}`)

test('a changed apply() is used from then on; the connection stays open, and no message is lost', async () => {
  const { edited, hot } = module()
  const useBefore = edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('') }))
  const { store, technique, advance } = mountStore(useBefore)
  technique.latest.open()
  technique.latest.message('one')
  await advance()
  acceptHMRUpdate(
    useBefore,
    hot,
  )({ useNews: edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('new ') })) })
  await advance()
  technique.latest.message('two')
  await advance()
  expect(store.list).toEqual(['one', 'new two'])
  expect(technique.connections).toHaveLength(1)
})

test('a binding with a snapshot loads it again, because the old apply() made the state', async () => {
  const { edited, hot } = module()
  const snapshots = snapshotRequests<Snapshot<State>>()
  const option =
    (mark: string) =>
    ({ bindChannel }: { bindChannel: BindChannel<State> }) =>
      void bindChannel(news(), { snapshot: snapshots.load, apply: appends(mark) })
  const useBefore = edited(option(''))
  const { store, technique, advance } = mountStore(useBefore)
  technique.latest.open()
  snapshots.latest.resolve({ state: { list: ['one'] } })
  await advance()
  acceptHMRUpdate(useBefore, hot)({ useNews: edited(option('new ')) })
  await advance()
  technique.latest.message('two')
  snapshots.latest.resolve({ state: { list: ['one'] } })
  await advance()
  expect(store.list).toEqual(['one', 'new two'])
  expect([snapshots.requests.length, technique.connections.length]).toEqual([2, 1])
})

test('a changed source moves the connection, an added binding connects, a removed one disconnects', async () => {
  const { edited, hot } = module()
  const useBefore = edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('') }))
  const { store, technique, advance } = mountStore(useBefore)
  const accept = acceptHMRUpdate(useBefore, hot)
  const read = () => technique.connections.filter(({ closed }) => !closed).map(({ request }) => request.url.slice(16))
  accept({
    useNews: edited(({ bindChannel }) => {
      bindChannel(news(), { apply: appends('') })
      bindChannel(other(), { apply: appends('other ') })
    }),
  })
  await advance()
  expect(read()).toEqual(['/news', '/other'])
  technique.latest.open()
  technique.latest.message('one')
  await advance()
  expect(store.list).toEqual(['other one'])
  accept({ useNews: edited(({ bindChannel }) => void bindChannel(other(), { apply: appends('') })) })
  await advance()
  expect(read()).toEqual(['/other'])
  accept({ useNews: edited(() => {}) })
  await advance()
  expect([read(), store.$push.status]).toEqual([[], 'idle'])
})

test('a store without bindings can get one', async () => {
  const { edited, hot } = module()
  const useBefore = edited(() => {})
  const { store, technique, advance } = mountStore(useBefore)
  acceptHMRUpdate(
    useBefore,
    hot,
  )({ useNews: edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('') })) })
  await advance()
  technique.latest.open()
  expect(store.$push.status).toBe('open')
})

test('an error in the edited option is reported, and the next edit corrects it', async () => {
  const { edited, hot } = module()
  const useBefore = edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('') }))
  const { store, technique, advance, errors } = mountStore(useBefore)
  technique.latest.open()
  const accept = acceptHMRUpdate(useBefore, hot)
  accept({
    useNews: edited(() => {
      throw new Error('a typo')
    }),
  })
  await advance()
  expect(errors.map(String)).toEqual(['Error: a typo'])
  technique.latest.message('one')
  accept({ useNews: edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('') })) })
  await advance()
  technique.latest.message('two')
  await advance()
  expect(store.list).toEqual(['one', 'two'])
})

test('an edit of a disposed store binds nothing', async () => {
  const { edited, hot } = module()
  const useBefore = edited(({ bindChannel }) => void bindChannel(news(), { apply: appends('') }))
  const { store, technique, advance } = mountStore(useBefore)
  store.$dispose()
  acceptHMRUpdate(
    useBefore,
    hot,
  )({ useNews: edited(({ bindChannel }) => void bindChannel(other(), { apply: appends('') })) })
  await advance()
  expect(technique.connections.map(({ closed }) => closed)).toEqual([true])
})

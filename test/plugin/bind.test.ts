// @vitest-environment jsdom
import { defineStore } from 'pinia'
import { describe, expect, test } from 'vitest'
import { isReactive, nextTick, ref, watch } from 'vue'
import { defineChannel, nchan, type Snapshot } from 'pinia-push'
import { snapshotRequests, mountStore } from './mount-store.ts'
import { bound, list, orders, withSnapshot, type State } from './order-store.ts'

const news = defineChannel<string>({ url: '/news' })

describe('without a snapshot', () => {
  test('a store receives every message, in order, in one commit a task', async () => {
    const { store, technique, advance } = mountStore(bound())
    const commits: string[] = []
    store.$subscribe(({ type }) => commits.push(type))
    technique.latest.open()
    for (const text of ['one', 'two', 'two']) technique.latest.message(text)
    expect(store.list).toEqual([])
    await advance()
    expect(store.list).toEqual(['one', 'two', 'two'])
    expect(commits).toEqual(['patch function'])
  })

  test('an error in apply() is reported; other messages are applied, and subscribers are notified', async () => {
    const { store, technique, advance, errors } = mountStore(bound())
    let commits = 0
    store.$subscribe(() => (commits += 1))
    technique.latest.open()
    for (const text of ['one', 'bad', 'two']) technique.latest.message(text)
    await advance()
    expect(store.list).toEqual(['one', 'two'])
    expect(store.$push.error?.code).toBe('apply-failed')
    expect(errors).toEqual([store.$push.error])
    store.add('by hand')
    await advance()
    expect(commits).toBe(2)
  })

  test('an error in a subscriber of the store is reported, and later messages are applied', async () => {
    const { store, technique, advance, errors } = mountStore(bound())
    store.$subscribe(() => {
      throw new Error('subscriber')
    })
    technique.latest.open()
    technique.latest.message('one')
    await advance()
    technique.latest.message('two')
    await advance()
    expect(store.list).toEqual(['one', 'two'])
    expect(errors.map(String)).toEqual(['Error: subscriber', 'Error: subscriber'])
  })

  test('a gap calls onGap()', () => {
    const gaps: string[] = []
    const { technique } = mountStore(bound({ onGap: ({ reason }) => gaps.push(reason) }))
    technique.latest.open()
    technique.latest.gap('history-expired')
    expect(gaps).toEqual(['history-expired'])
  })

  test('messages are applied when `flush` decides', () => {
    const { store, technique, time } = mountStore(bound({ flush: 100 }))
    technique.latest.open()
    technique.latest.message('one')
    time.advance(99)
    expect(store.list).toEqual([])
    time.advance(1)
    expect(store.list).toEqual(['one'])
  })

  test('a setup store binds with its third argument', async () => {
    const useFeed = defineStore(
      'feed',
      () => {
        const all = ref<string[]>([])
        return { all, add: (text: string) => void all.value.push(text) }
      },
      { push: ({ bindChannel, store }) => bindChannel(news(), { apply: (_, { data }) => store.add(data) }) },
    )
    const { store, technique, advance } = mountStore(useFeed)
    technique.latest.open()
    technique.latest.message('hello')
    await advance()
    expect(store.all).toEqual(['hello'])
  })
})

describe('a snapshot', () => {
  test('is loaded when the channel is open, not before, so that no message is missed', () => {
    const { snapshots, technique } = withSnapshot()
    expect(snapshots.requests).toHaveLength(0)
    technique.latest.open()
    expect(snapshots.requests).toHaveLength(1)
  })

  test('and the messages that arrived meanwhile are one commit; its keys replace the store’s, others stay', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    store.list = ['stale']
    await nextTick()
    const seen: string[][] = []
    store.$subscribe((_, state) => seen.push([...state.list]), { flush: 'sync' })
    technique.latest.open()
    technique.latest.message('two')
    await advance()
    expect(store.list).toEqual(['stale'])
    snapshots.latest.resolve(list('one'))
    await advance()
    expect(seen.at(-1)).toEqual(['one', 'two'])
    expect(seen.every((texts) => texts.length > 0)).toBe(true)
    expect(store.other).toBe('kept')
  })

  test('replaces a record, so that entries deleted on the server are deleted here', async () => {
    const useById = defineStore('by-id', {
      state: () => ({ byId: { old: 1 } as Record<string, number> }),
      push: ({ bindChannel }) =>
        bindChannel(news(), { snapshot: async () => ({ state: { byId: { new: 2 } } }), apply: () => {} }),
    })
    const { store, technique, advance } = mountStore(useById)
    technique.latest.open()
    await advance()
    expect(store.byId).toEqual({ new: 2 })
  })

  test('with the cursor of a waiting message includes all messages up to it', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    for (const text of ['one', 'two', 'three']) technique.latest.message(text, { cursor: text })
    snapshots.latest.resolve({ ...list('one', 'two'), cursor: 'two' })
    await advance()
    expect(store.list).toEqual(['one', 'two', 'three'])
  })

  test('with the cursor of a later message includes that message', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    snapshots.latest.resolve({ ...list('one'), cursor: 'x' })
    await advance()
    technique.latest.message('one', { cursor: 'x' })
    technique.latest.message('two', { cursor: 'y' })
    await advance()
    expect(store.list).toEqual(['one', 'two'])
  })

  test('with a cursor that the backend can order includes all messages that are not after it', async () => {
    const { snapshots, store, technique, advance } = withSnapshot({}, { backend: nchan(), mock: { resumes: false } })
    technique.latest.open()
    technique.latest.message('one', { cursor: '100:0' })
    snapshots.latest.resolve({ ...list('one', 'two', 'three'), cursor: '100:2' })
    await advance()
    technique.latest.message('two', { cursor: '100:1' })
    technique.latest.message('four', { cursor: '100:3' })
    await advance()
    expect(store.list).toEqual(['one', 'two', 'three', 'four'])
  })

  test.for(['before', 'after'] as const)(
    'of another epoch than a message that arrived %s it is loaded again, because nothing proves what it includes',
    async (when) => {
      const { snapshots, store, technique, advance } = withSnapshot({}, { backend: nchan() })
      technique.latest.open()
      if (when === 'before') technique.latest.message('one', { cursor: '100:1.life' })
      snapshots.latest.resolve({ ...list('one'), cursor: '100:2.other' })
      await advance()
      if (when === 'after') technique.latest.message('one', { cursor: '100:1.life' })
      await advance()
      expect(store.$push.error?.code).toBe('snapshot-failed')
      await advance(250)
      expect(snapshots.requests).toHaveLength(2)
      technique.latest.message('two', { cursor: '100:2.life' })
      technique.latest.message('three', { cursor: '100:3.life' })
      snapshots.latest.resolve({ ...list('one', 'two'), cursor: '100:2.life' })
      await advance()
      technique.latest.message('four', { cursor: '100:4.life' })
      await advance()
      expect(store.list).toEqual(['one', 'two', 'three', 'four'])
      expect(store.$push.error).toBeUndefined()
    },
  )

  test('is loaded again after a gap; messages from before the gap are not applied to it', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    snapshots.latest.resolve(list('one'))
    await advance()
    technique.latest.message('two')
    technique.latest.gap('history-expired')
    technique.latest.message('four')
    await advance()
    expect(store.list).toEqual(['one', 'two'])
    snapshots.latest.resolve(list('one', 'two', 'three'))
    await advance()
    expect(store.list).toEqual(['one', 'two', 'three', 'four'])
    expect(snapshots.requests).toHaveLength(2)
  })

  test('that a gap overtakes is not applied, and neither are the messages that waited for it', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    technique.latest.message('one')
    technique.latest.gap('history-expired')
    technique.latest.message('three')
    snapshots.latest.resolve(list('one', 'two'))
    await advance()
    expect(store.list).toEqual(['one', 'two', 'three'])
  })

  test('that a gap overtakes is aborted', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    const [first] = snapshots.requests
    technique.latest.gap('not-resumed')
    expect(first?.signal.aborted).toBe(true)
    first?.resolve(list('too early'))
    snapshots.latest.resolve(list('fresh'))
    await advance()
    expect(store.list).toEqual(['fresh'])
  })

  test('is not loaded again after a reconnect that resumed', async () => {
    const { snapshots, technique, advance, store } = withSnapshot()
    technique.latest.open()
    snapshots.latest.resolve(list('one'))
    await advance()
    technique.latest.drop()
    await advance(250)
    technique.latest.open()
    technique.latest.message('two')
    await advance()
    expect(store.list).toEqual(['one', 'two'])
    expect(snapshots.requests).toHaveLength(1)
  })

  test('is loaded only a few times for a server that emits gap after gap', async () => {
    const { snapshots, technique, advance } = withSnapshot()
    technique.latest.open()
    for (let i = 0; i < 100; i++) {
      technique.latest.gap('sequence')
      snapshots.latest.resolve(list())
      await advance(10)
    }
    expect(snapshots.requests.length).toBeLessThan(6)
  })

  test('that failed sets the error, and is loaded again as the policy decides; no message is lost meanwhile', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    technique.latest.message('two')
    snapshots.latest.reject(new Error('503'))
    await advance()
    expect(store.$push.error).toMatchObject({ code: 'snapshot-failed', message: expect.stringContaining('503') })
    await advance(249)
    expect(snapshots.requests).toHaveLength(1)
    await advance(1)
    snapshots.latest.resolve(list('one'))
    await advance()
    expect(store.list).toEqual(['one', 'two'])
    expect(store.$push.error).toBeUndefined()
  })

  test('that throws at once, or is not a snapshot, is loaded again until the store is disposed of', async () => {
    let asked = 0
    const snapshot = (): Promise<Snapshot<State>> => {
      asked += 1
      if (asked === 1) throw new Error('at once')
      return Promise.resolve(undefined as never)
    }
    const { store, technique, advance } = mountStore(bound({ snapshot }))
    technique.latest.open()
    expect(store.$push.error?.code).toBe('snapshot-failed')
    await advance(250)
    await advance(500)
    expect(asked).toBe(3)
  })

  test('is loaded again after an error in apply(), with a delay', async () => {
    const { snapshots, store, technique, advance, errors } = withSnapshot()
    technique.latest.open()
    snapshots.latest.resolve(list('one'))
    await advance()
    for (const text of ['bad', 'three']) technique.latest.message(text)
    await advance()
    expect(errors).toHaveLength(1)
    expect([store.$push.error?.code, snapshots.requests.length]).toEqual(['apply-failed', 1])
    await advance(250)
    snapshots.latest.resolve(list('one', 'two'))
    await advance()
    expect(store.list).toEqual(['one', 'two', 'three'])
    expect(store.$push.error).toBeUndefined()
  })

  test('is loaded when the channel cannot connect, and again when it opens', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.refuse(503)
    snapshots.latest.resolve(list('one'))
    await advance()
    expect(store.list).toEqual(['one'])
    await advance(250)
    technique.latest.open()
    snapshots.latest.resolve(list('one', 'missed'))
    await advance()
    expect(store.list).toEqual(['one', 'missed'])
  })

  test('is loaded where the first connection attempt hangs, and again when the channel opens', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.hang()
    await advance(1_999)
    expect(snapshots.requests).toHaveLength(0)
    await advance(1)
    snapshots.latest.resolve(list('one'))
    await advance()
    expect([store.list, store.$push.status]).toEqual([['one'], 'connecting'])
    technique.latest.open()
    snapshots.latest.resolve(list('one', 'missed'))
    await advance()
    expect(store.list).toEqual(['one', 'missed'])
  })

  test('is loaded at once by a store that joins a channel whose next attempt hangs', async () => {
    const snapshots = snapshotRequests<Snapshot<State>>()
    const useStore = bound({ snapshot: snapshots.load })
    const { push, pinia, technique, advance } = mountStore(bound())
    const other = push.channel(orders({ account: 'a' })).messages$.subscribe()
    technique.latest.refuse(503)
    await advance(250)
    technique.latest.hang()
    const store = useStore(pinia)
    snapshots.latest.resolve(list('one'))
    await advance()
    expect([store.list, store.$push.status]).toEqual([['one'], 'reconnecting'])
    store.$dispose()
    other.unsubscribe()
  })

  test('is loaded again by refresh()', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    snapshots.latest.resolve(list('one'))
    await advance()
    store.$push.refresh()
    snapshots.latest.resolve(list('fresh'))
    await advance()
    expect(store.list).toEqual(['fresh'])
  })

  test('is loaded again after $reset(), so that no message is missing', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    snapshots.latest.resolve(list('one'))
    await advance()
    store.$reset()
    expect(store.list).toEqual([])
    snapshots.latest.resolve(list('one', 'two'))
    await advance()
    expect(store.list).toEqual(['one', 'two'])
  })
})

describe('a changing source', () => {
  test('moves the connection, and applies no more messages of the old channel', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    const old = technique.latest
    old.open()
    snapshots.latest.resolve(list('a1'))
    await advance()
    old.message('a2')
    store.account = 'b'
    expect(old.closed).toBe(true)
    await advance()
    expect(technique.latest.request.url).toBe('http://push.test/orders/b')
    expect(store.list).toEqual(['a1'])
    technique.latest.open()
    technique.latest.message('b2')
    snapshots.latest.resolve(list('b1'))
    await advance()
    expect(store.list).toEqual(['b1', 'b2'])
  })

  test('aborts the snapshot of the old channel', async () => {
    const { snapshots, store, technique, advance } = withSnapshot()
    technique.latest.open()
    store.account = 'b'
    expect(snapshots.latest.signal.aborted).toBe(true)
    snapshots.latest.resolve(list('a'))
    await advance()
    expect(store.list).toEqual([])
  })

  test('in the middle of a batch ends the batch', async () => {
    const { store, technique, advance } = mountStore(
      bound({
        apply: (state, { data }) => {
          state.list.push(data)
          if (data === 'logout') state.account = null
        },
      }),
    )
    technique.latest.open()
    for (const text of ['one', 'logout', 'two']) technique.latest.message(text)
    await advance()
    expect(store.list).toEqual(['one', 'logout'])
    expect([technique.latest.closed, store.$push.status]).toEqual([true, 'idle'])
  })
})

describe('$push', () => {
  test('has a reactive status, technique and error, and sends', async () => {
    const { store, technique, advance } = mountStore(bound())
    const seen: string[] = []
    watch(
      () => store.$push.status,
      (status) => seen.push(status),
      { flush: 'sync', immediate: true },
    )
    technique.latest.refuse(503)
    expect(store.$push.error?.code).toBe('unavailable')
    await advance(250)
    technique.latest.open()
    expect(seen).toEqual(['connecting', 'reconnecting', 'open'])
    expect([store.$push.technique, store.$push.error]).toEqual(['scripted', undefined])
    await store.$push.send('x')
    expect(technique.latest.sent).toEqual(['"x"'])
    expect(isReactive(store.$push)).toBe(false)
  })

  test('is idle in a store without bindings', () => {
    const { store } = mountStore(defineStore('plain', { state: () => ({}) }))
    expect(store.$push.status).toBe('idle')
  })

  test('has the most severe status of two bindings', () => {
    const useTwo = defineStore('two', {
      state: () => ({ list: [] as string[] }),
      push: ({ bindChannel }) => {
        bindChannel(news(), { apply: () => {} })
        bindChannel(orders({ account: 'a' }), { apply: () => {} })
      },
    })
    const { store, technique } = mountStore(useTwo)
    const [first, second] = technique.connections
    first?.open()
    second?.refuse(503)
    expect(store.$push.status).toBe('reconnecting')
  })
})

describe('the end', () => {
  test('$dispose ends the binding', () => {
    const { store, technique, assertNoLeaks } = mountStore(bound())
    technique.latest.open()
    store.$dispose()
    expect(assertNoLeaks).not.toThrow()
  })

  test('cancels a pending commit', () => {
    const { technique, unmount, assertNoLeaks } = mountStore(bound({ flush: 1_000 }))
    technique.latest.open()
    technique.latest.message('one')
    unmount()
    expect(assertNoLeaks).not.toThrow()
  })

  test('app.unmount() ends bindings and connections, and aborts a snapshot', async () => {
    const { snapshots, store, technique, advance, unmount, assertNoLeaks } = withSnapshot()
    technique.latest.open()
    unmount()
    assertNoLeaks()
    snapshots.latest.resolve(list('late'))
    await advance()
    expect(store.list).toEqual([])
  })

  test('app.unmount() also closes channels that plain RxJS reads', () => {
    const { push, technique, unmount } = mountStore(bound())
    const reader = push.channel('/raw').events$.subscribe()
    unmount()
    expect(technique.connections.every(({ closed }) => closed)).toBe(true)
    reader.unsubscribe()
  })

  test('an app that is mounted again has its stores bound again', async () => {
    const { store, technique, advance, unmount, mountApp, assertNoLeaks } = mountStore(bound())
    unmount()
    const again = mountApp()
    await advance()
    technique.latest.open()
    technique.latest.message('one')
    await advance()
    expect(store.list).toEqual(['one'])
    again.unmount()
    assertNoLeaks()
  })
})

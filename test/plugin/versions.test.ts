// @vitest-environment jsdom
import { defineStore } from 'pinia'
import { expect, test } from 'vitest'
import { defineChannel, type Snapshot } from 'pinia-push'
import { snapshotRequests, mountStore } from './mount-store.ts'

interface Order {
  id: string
  version: number
}
interface State {
  applied: number[]
}
const orders = defineChannel<Order>({ url: '/orders' })

let id = 0
const versioned = (version = (order: Order) => order.version) => {
  const snapshots = snapshotRequests<Snapshot<State>>()
  id += 1
  const useOrders = defineStore(`versioned-${id}`, {
    state: (): State => ({ applied: [] }),
    push: ({ bindChannel }) =>
      bindChannel(orders(), {
        snapshot: snapshots.load,
        version,
        apply: (state, { data }) => void state.applied.push(data.version),
      }),
  })
  // A server without cursors: only the numbers in the messages count.
  const mounted = mountStore(useOrders, { mock: { resumes: false } })
  const publish = (...versions: number[]) => {
    for (const number of versions) mounted.technique.latest.message({ id: 'a', version: number })
  }
  return { snapshots, publish, ...mounted }
}

test('a message that the snapshot’s version includes is dropped, before and after the snapshot', async () => {
  const { store, snapshots, publish, technique, advance } = versioned()
  technique.latest.open()
  publish(5, 6)
  snapshots.latest.resolve({ state: { applied: [] }, version: 7 })
  await advance()
  publish(7, 8)
  await advance()
  expect(store.applied).toEqual([8])
})

test('a snapshot without a version includes no message: apply() receives all of them', async () => {
  const { store, snapshots, publish, technique, advance } = versioned()
  technique.latest.open()
  publish(1)
  snapshots.latest.resolve({ state: { applied: [] } })
  await advance()
  publish(2)
  await advance()
  expect(store.applied).toEqual([1, 2])
})

test('the version of a snapshot does not count after a gap', async () => {
  const { store, snapshots, publish, technique, advance } = versioned()
  technique.latest.open()
  snapshots.latest.resolve({ state: { applied: [] }, version: 100 })
  await advance()
  technique.latest.gap('unknown-cursor')
  snapshots.latest.resolve({ state: { applied: [] }, version: 1 })
  await advance()
  publish(1, 2)
  await advance()
  expect(store.applied).toEqual([2])
})

test('an error in version() is handled like an error in apply()', async () => {
  let broken = true
  const { store, snapshots, publish, technique, advance, errors } = versioned((order) => {
    if (broken) throw new Error('no version')
    return order.version
  })
  technique.latest.open()
  snapshots.latest.resolve({ state: { applied: [] }, version: 0 })
  await advance()
  publish(1)
  await advance()
  expect(store.$push.error?.code).toBe('apply-failed')
  expect(errors).toHaveLength(1)
  broken = false
  await advance(250)
  snapshots.latest.resolve({ state: { applied: [1] }, version: 1 })
  await advance()
  publish(2)
  await advance()
  expect(store.applied).toEqual([1, 2])
  expect(store.$push.error).toBeUndefined()
})

// @vitest-environment jsdom
import { createPinia } from 'pinia'
import { expect, test } from 'vitest'
import { createApp } from 'vue'
import type { Snapshot } from 'pinia-push'
import { createTestingPush } from 'pinia-push/testing'
import { snapshotRequests } from './mount-store.ts'
import { bound, list, type State } from './order-store.ts'

test('a thousand stores that are created and disposed of leave no connection and no timer', async () => {
  const { push, technique, advance, assertNoLeaks } = createTestingPush()
  const pinia = createPinia().use(push.pinia)
  const app = createApp({ render: () => null })
    .use(pinia)
    .use(push)
  app.mount(document.createElement('div'))
  const snapshots = snapshotRequests<Snapshot<State>>()
  const useStore = bound({ snapshot: snapshots.load })
  const active: number[] = []
  push.channels$.subscribe(({ length }) => active.push(length))
  for (let n = 0; n < 1_000; n++) {
    const store = useStore(pinia)
    // Each is disposed of in another phase: connecting, loading, live, with a pending commit, paused, reconnecting.
    const phase = n % 7
    if (phase >= 1 && phase !== 6) technique.latest.open()
    if (phase >= 3 && phase !== 6) {
      snapshots.latest.resolve(list('one'))
      await advance()
    }
    if (phase === 4) technique.latest.message('two')
    if (phase === 5) store.$push.pause()
    if (phase === 6) technique.latest.refuse(503)
    store.$dispose()
  }
  assertNoLeaks()
  expect(technique.connections).toHaveLength(1_000)
  expect(active.at(-1)).toBe(0)
  app.unmount()
  assertNoLeaks()
})

test('a store is one reader, however many components use it', () => {
  const { push, technique } = createTestingPush()
  const pinia = createPinia().use(push.pinia)
  const app = createApp({ render: () => null })
    .use(pinia)
    .use(push)
  app.mount(document.createElement('div'))
  const useStore = bound()
  expect(useStore(pinia)).toBe(useStore(pinia))
  expect(technique.connections).toHaveLength(1)
  useStore(pinia).$dispose()
  expect(technique.latest.closed).toBe(true)
  app.unmount()
})

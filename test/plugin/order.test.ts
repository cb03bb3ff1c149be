// @vitest-environment jsdom
import { createPinia, defineStore } from 'pinia'
import { expect, test } from 'vitest'
import { createApp } from 'vue'
import { createTestingPush } from 'pinia-push/testing'
import { bound, orders } from './order-store.ts'

type Made = ReturnType<typeof made>
const made = () => ({ ...createTestingPush(), pinia: createPinia(), app: createApp({ render: () => null }) })

test.each<[string, (made: Made) => void]>([
  ['pinia.use, app.use(pinia), app.use(push)', ({ pinia, push, app }) => app.use(pinia.use(push.pinia)).use(push)],
  ['app.use(push), pinia.use, app.use(pinia)', ({ pinia, push, app }) => app.use(push).use(pinia.use(push.pinia))],
  [
    'app.use(pinia), app.use(push), pinia.use',
    ({ pinia, push, app }) => {
      app.use(pinia).use(push)
      pinia.use(push.pinia)
    },
  ],
])('a store is bound in any order of the plugins: %s', (_, install) => {
  const all = made()
  install(all)
  all.app.mount(document.createElement('div'))
  const store = bound()(all.pinia)
  all.technique.latest.open()
  expect(store.$push.status).toBe('open')
  all.app.unmount()
  all.assertNoLeaks()
})

test('a bound store that is used before app.use(push) throws an error that names the missing call, and is bound after it', () => {
  const { push, pinia, app } = made()
  app.use(pinia.use(push.pinia))
  const useStore = bound()
  expect(() => useStore(pinia)).toThrow(
    expect.objectContaining({
      code: 'plugin-not-installed',
      message: expect.stringContaining('app.use(pinia).use(push)'),
    }),
  )
  app.use(push)
  const store = useStore(pinia)
  expect(store.$push.status).toBe('connecting')
  store.$dispose()
})

test('a push option that throws leaves no incomplete store', () => {
  const { push, pinia, app, assertNoLeaks } = made()
  app.use(pinia.use(push.pinia)).use(push)
  let broken = true
  const useStore = defineStore('half', {
    state: () => ({}),
    push: ({ bindChannel }) => {
      bindChannel(orders({ account: 'a' }), { apply: () => {} })
      if (broken) throw new Error('broken')
    },
  })
  expect(() => useStore(pinia)).toThrow('broken')
  assertNoLeaks()
  broken = false
  expect(useStore(pinia).$push.status).toBe('connecting')
  useStore(pinia).$dispose()
})

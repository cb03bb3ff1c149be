// @vitest-environment jsdom
import { createTestingPinia } from '@pinia/testing'
import { mount } from '@vue/test-utils'
import { setActivePinia } from 'pinia'
import { afterEach, expect, test, vi } from 'vitest'
import { createApp, defineComponent, h } from 'vue'
import { createTestingPush } from 'pinia-push/testing'
import { bound } from './order-store.ts'

afterEach(() => setActivePinia(undefined))

function mounted(options: Parameters<typeof createTestingPinia>[0] = {}) {
  const testing = createTestingPush()
  const useStore = bound({
    apply: (state, { data }) => void state.list.push(data),
  })
  const Page = defineComponent(() => {
    const store = useStore()
    return () => h('p', `${store.$push.status}: ${store.list.join()}`)
  })
  const pinia = createTestingPinia({ createSpy: vi.fn, plugins: [testing.push.pinia], ...options })
  const wrapper = mount(Page, { global: { plugins: [pinia, testing.push] } })
  return { ...testing, pinia, wrapper, store: useStore() }
}

test('with Pinia’s testing Pinia a component shows pushed messages, although actions are stubs', async () => {
  const { wrapper, store, technique, advance, assertNoLeaks } = mounted()
  technique.latest.open()
  technique.latest.message('one')
  await advance()
  expect(wrapper.text()).toBe('open: one')
  store.add('by hand')
  expect(store.add).toHaveBeenCalledExactlyOnceWith('by hand')
  expect(store.list).toEqual(['one'])
  wrapper.unmount()
  assertNoLeaks()
})

test('a store starts with the initial state of the testing Pinia', async () => {
  const { push, technique, advance } = createTestingPush()
  const useStore = bound()
  const pinia = createTestingPinia({
    createSpy: vi.fn,
    plugins: [push.pinia],
    initialState: { [useStore.$id]: { list: ['zero'] } },
  })
  const app = createApp({ render: () => null })
    .use(pinia)
    .use(push)
  app.mount(document.createElement('div'))
  const store = useStore()
  technique.latest.open()
  technique.latest.message('one')
  await advance()
  expect(store.list).toEqual(['zero', 'one'])
  store.$dispose()
  app.unmount()
})

test('a stubbed $patch changes nothing, and causes no error', async () => {
  const { store, technique, advance, wrapper } = mounted({ stubPatch: true })
  technique.latest.open()
  technique.latest.message('one')
  await advance()
  expect(store.list).toEqual([])
  expect(store.$patch).toHaveBeenCalledOnce()
  wrapper.unmount()
})

// src/App.test.ts
// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { createTestingPush } from 'pinia-push/testing'
import { expect, test, vi } from 'vitest'
import App from './App.vue'
import { useOrders } from './stores/orders'

vi.mock('./api', () => ({ fetchOrders: async () => ({ byId: { 7: { id: '7', state: 'open' } } }) }))

test('shows pushed orders, and resumes after a drop', async () => {
  const { push, technique, advance, assertNoLeaks } = createTestingPush()
  const pinia = createPinia().use(push.pinia)
  const wrapper = mount(App, { global: { plugins: [pinia, push] } })
  useOrders(pinia).account = 'ann'
  await advance()
  technique.latest.open()
  await advance()
  expect(wrapper.text()).toBe('7: open')

  technique.latest.drop()
  await advance(1_000) // virtual time: the test does not wait
  technique.latest.open()
  technique.latest.message({ id: '7', state: 'filled' })
  await advance()
  expect(wrapper.text()).toBe('7: filled')

  wrapper.unmount()
  assertNoLeaks()
})

// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { createTestingPush } from 'pinia-push/testing'
import { expect, test } from 'vitest'
import ConnectionBanner from './ConnectionBanner.vue'
import NoticeList from './NoticeList.vue'

test('a component shows a channel, pauses under the pointer, and misses no message', async () => {
  const { push, technique, advance, assertNoLeaks } = createTestingPush()
  const wrapper = mount(NoticeList, { global: { plugins: [push] } })
  technique.latest.open()
  technique.latest.raw('one')
  await advance(1_000)
  expect(wrapper.text()).toBe('one')
  await wrapper.get('ul').trigger('pointerenter')
  await wrapper.get('ul').trigger('pointerleave')
  technique.latest.open()
  technique.latest.raw('two')
  await advance(1_000)
  expect(wrapper.text()).toBe('twoone')
  await wrapper.setProps({ silent: true })
  expect(wrapper.text()).toBe('')
  wrapper.unmount()
  assertNoLeaks()
})

test('a banner counts down, and its button retries at once', async () => {
  const { push, technique, advance, assertNoLeaks } = createTestingPush()
  const wrapper = mount(
    { components: { ConnectionBanner, NoticeList }, template: '<ConnectionBanner /><NoticeList />' },
    {
      global: { plugins: [push] },
    },
  )
  await advance()
  expect(wrapper.find('[role=status]').exists()).toBe(false)
  technique.latest.refuse(503)
  await advance()
  expect(wrapper.get('[role=status]').text()).toMatch(/^No live data \(unavailable\)\. Next try in 1 s\.\s*Try now$/)
  await wrapper.get('button').trigger('click')
  expect(technique.connections).toHaveLength(2)
  technique.latest.open()
  await advance()
  expect(wrapper.find('[role=status]').exists()).toBe(false)
  wrapper.unmount()
  assertNoLeaks()
})

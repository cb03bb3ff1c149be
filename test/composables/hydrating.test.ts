// @vitest-environment jsdom
import { createPinia, defineStore } from 'pinia'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createSSRApp, defineComponent, h, nextTick } from 'vue'
import { defineChannel, usePushChannel, usePushStatus } from 'pinia-push'
import { cleanPush } from './mount-simple.ts'

const news = defineChannel<string>({ url: '/news' })

test('a page that shows its status hydrates without a mismatch, and connects afterwards', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const error = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => void vi.restoreAllMocks())
  const useNews = defineStore('news', {
    state: () => ({}),
    push: ({ bindChannel }) => void bindChannel(news(), { apply() {} }),
  })
  const Banner = defineComponent(() => {
    const { status } = usePushStatus()
    return () => h('i', status.value)
  })
  const Page = defineComponent(() => {
    const { status } = usePushChannel(news())
    const store = useNews()
    return () => h('p', [status.value, h('b', store.$push.status), h(Banner)])
  })
  const { push, technique } = cleanPush()
  const page = document.createElement('div')
  page.innerHTML = '<p>idle<b>idle</b><i>idle</i></p>'
  const app = createSSRApp(Page).use(createPinia().use(push.pinia)).use(push)
  app.mount(page)
  onTestFinished(() => app.unmount())
  expect(page.innerHTML).toBe('<p>idle<b>idle</b><i>idle</i></p>')
  await nextTick()
  technique.latest.open()
  await nextTick()
  await nextTick()
  expect(page.textContent).toBe('openopenopen')
  expect([warn.mock.calls, error.mock.calls]).toEqual([[], []])
})

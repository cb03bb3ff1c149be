import { createPinia, defineStore } from 'pinia'
import { expect, test } from 'vitest'
import { createSSRApp, defineComponent, h } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { defineChannel, usePushChannel } from 'pinia-push'
import { createTestingPush } from 'pinia-push/testing'

const news = defineChannel<string>({ url: '/news' })

test('rendering on a server opens no connection and leaves no timer', async () => {
  const { push, technique, assertNoLeaks } = createTestingPush()
  const useNews = defineStore('news', {
    state: () => ({ all: ['none yet'] }),
    push: ({ bindChannel }) => bindChannel(news(), { apply: () => {} }),
  })
  const Page = defineComponent(() => {
    const { data, status } = usePushChannel(news(), { initial: 'nothing', reduce: (_, message) => message.data })
    const store = useNews()
    return () => h('p', `${data.value}, ${status.value}, ${store.all.join()}, ${store.$push.status}`)
  })
  for (let i = 0; i < 5; i++) {
    const app = createSSRApp(Page).use(createPinia().use(push.pinia)).use(push)
    expect(await renderToString(app)).toBe('<p>nothing, idle, none yet, idle</p>')
  }
  expect(technique.connections).toHaveLength(0)
  assertNoLeaks()
})

test('first() rejects at once on a server, so that rendering does not hang', async () => {
  const { push } = createTestingPush()
  const Page = defineComponent(async () => {
    const code = await usePushChannel(news())
      .first()
      .catch((error: { code: string }) => error.code)
    return () => h('p', String(code))
  })
  const Root = defineComponent(() => () => h(Page))
  expect(await renderToString(createSSRApp(Root).use(push))).toContain('not-connected')
})

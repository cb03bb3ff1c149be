// @vitest-environment jsdom
import { createPinia, defineStore } from 'pinia'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createApp, h } from 'vue'
import { defineChannel } from 'pinia-push'
import { createTestingPush } from 'pinia-push/testing'

const news = defineChannel<string>({ url: '/news' })
let id = 0
const boundStore = () => {
  id += 1
  return defineStore(`set-up-${id}`, {
    state: () => ({ list: [] as string[] }),
    push: ({ bindChannel }) => bindChannel(news(), { apply: (state, { data }) => void state.list.push(data) }),
  })
}

const warned = vi.spyOn(console, 'warn')
beforeEach(() => void warned.mockReset())
afterEach(() => void warned.mockReset())

/** Mounts an app with one component, which uses a store. */
function mountWith(useStore: ReturnType<typeof boundStore>, install: (app: ReturnType<typeof createApp>) => void) {
  const app = createApp({ setup: () => (useStore(), () => h('p')) })
  install(app)
  app.mount(document.createElement('div'))
  return app
}
const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('a wrong set-up causes a warning', () => {
  const unread = (name: string) =>
    `[pinia-push] Store "${name}" has a \`push\` option that is never run: this Pinia does not use the plugin. Call pinia.use(push.pinia) before app.use(pinia).`

  test('names a store whose push option is never run, and the missing line', async () => {
    const { push } = createTestingPush()
    const useStore = boundStore()
    const app = mountWith(useStore, (app) => app.use(createPinia()).use(push))
    await settled()
    expect(warned.mock.calls).toEqual([[unread(useStore.$id)]])
    app.unmount()
  })

  test('names it also if Pinia was installed last', async () => {
    const { push } = createTestingPush()
    const useStore = boundStore()
    const app = createApp({ render: () => null })
    app.use(push).use(createPinia()).mount(document.createElement('div'))
    await settled()
    app.runWithContext(() => useStore())
    await settled()
    expect(warned.mock.calls).toEqual([[unread(useStore.$id)]])
    app.unmount()
  })

  test('names it also if it is first used in the same task', async () => {
    const { push } = createTestingPush()
    const useStore = boundStore()
    const app = mountWith(useStore, (app) => app.use(push).use(createPinia()))
    await settled()
    expect(warned.mock.calls).toEqual([[unread(useStore.$id)]])
    app.unmount()
  })

  test('does not name a store whose Pinia uses the plugin and was installed last', async () => {
    const { push } = createTestingPush()
    const app = mountWith(boundStore(), (app) => app.use(push).use(createPinia().use(push.pinia)))
    await settled()
    expect(warned).not.toHaveBeenCalled()
    app.unmount()
  })

  test('names a second client in one app', () => {
    const app = createApp({ render: () => null })
    app.use(createTestingPush().push)
    expect(warned).not.toHaveBeenCalled()
    app.use(createTestingPush().push)
    expect(warned.mock.calls).toContainEqual([expect.stringContaining('A second createPush() replaces the first')])
  })

  test('is silent about a correct set-up', async () => {
    const { push } = createTestingPush()
    const app = mountWith(boundStore(), (app) => app.use(createPinia().use(push.pinia)).use(push))
    await settled()
    expect(warned).not.toHaveBeenCalled()
    app.unmount()
  })
})

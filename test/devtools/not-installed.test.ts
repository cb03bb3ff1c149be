// @vitest-environment jsdom
import { createApp } from 'vue'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPush } from 'pinia-push'
import { waitFor } from '../wait-for.ts'

vi.mock('@vue/devtools-api', () => {
  throw new Error('Cannot find package')
})

const HOOK = '__VUE_DEVTOOLS_GLOBAL_HOOK__'
beforeEach(() => void Reflect.set(globalThis, HOOK, { emit() {}, on() {} }))
afterEach(() => void Reflect.deleteProperty(globalThis, HOOK))

test('an app without @vue/devtools-api works, and the console names it once where the tools are open', async () => {
  const info = vi.spyOn(console, 'info').mockReturnValue()
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  for (const root of ['a', 'b']) {
    const app = createApp({ render: () => root }).use(createPush())
    app.mount(document.createElement('div'))
    await waitFor(() => expect(info).toHaveBeenCalled())
  }
  await vi.dynamicImportSettled()
  expect(info.mock.calls).toEqual([
    [
      '[pinia-push] Vue DevTools cannot show channels: the package "@vue/devtools-api" is not installed. Run `npm install --save-dev @vue/devtools-api`.',
    ],
  ])
  expect(warn).not.toHaveBeenCalled()
})

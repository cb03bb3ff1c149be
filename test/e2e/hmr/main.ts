import { createPinia } from 'pinia'
import { createPush, nchan, webSocket } from 'pinia-push'
import { createApp, defineComponent, h } from 'vue'
import { useOption } from './option-store.ts'
import { useSetup } from './setup-store.ts'

const push = createPush({ technique: webSocket(), backend: nchan() })
const Page = defineComponent(() => {
  const option = useOption()
  const setup = useSetup()
  return () => [
    h('p', { id: 'option' }, `${option.$push.status}: ${option.list.join()}`),
    h('p', { id: 'setup' }, `${setup.$push.status}: ${setup.list.join()}`),
  ]
})
createApp(Page).use(createPinia().use(push.pinia)).use(push).mount('#app')

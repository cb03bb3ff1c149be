import { createPush, defineChannel, nchan, usePushChannel, webSocket } from 'pinia-push'
import { createApp, defineComponent, h, shallowRef } from 'vue'

const news = defineChannel({ url: '/push/news', decode: (raw) => JSON.parse(raw) as string })

const push = createPush({ technique: webSocket(), backend: nchan(), disconnectDelay: 0 })
const reading = shallowRef(true)
const Page = defineComponent(() => {
  const { status, data } = usePushChannel(() => (reading.value ? news() : null), {
    initial: [] as string[],
    reduce: (list, { data }) => [...list, data],
  })
  return () => h('p', { id: 'news' }, `${status.value}: ${data.value.join()}`)
})
const app = createApp(Page).use(push)
app.mount('#app')

const page = {
  read: (is: boolean) => void (reading.value = is),
  unmount: () => app.unmount(),
  /** Whether the channel is in memory. */
  channel: new WeakRef(push.channel(news())),
}
export type Page = typeof page
Object.assign(globalThis, { page })

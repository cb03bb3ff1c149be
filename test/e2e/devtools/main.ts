import { createPush, defineChannel, hub, nchan, usePushChannel, webSocket } from 'pinia-push'
import { createApp, defineComponent, h, shallowRef } from 'vue'

/** Whether the channels are topics of one connection. */
const share = new URLSearchParams(location.search).has('topics')

const decode = (raw: string) => JSON.parse(raw) as string
const news = defineChannel(share ? { topic: 'news', decode } : { url: '/push/news', decode })
const room = defineChannel({ topic: (name: string) => `rooms/${name}`, decode })

const push = createPush({ technique: webSocket(), backend: share ? hub() : nchan(), disconnectDelay: 0 })
const reading = shallowRef(true)
const Page = defineComponent(() => {
  const { status, data } = usePushChannel(() => (reading.value ? news() : null), {
    initial: [] as string[],
    reduce: (list, { data }) => [...list, data],
  })
  if (share) for (const name of ['a', 'b']) usePushChannel(room(name))
  return () => h('p', { id: 'news' }, `${status.value}: ${data.value.join()}`)
})
const app = createApp(Page).use(push)
app.mount('#app')

const page = {
  read: (is: boolean) => void (reading.value = is),
  unmount: () => app.unmount(),
  send: (name: string, text: string) => push.channel(room(name)).send(text),
  /** Whether the channel is in memory. */
  channel: new WeakRef(push.channel(news())),
}
export type Page = typeof page
Object.assign(globalThis, { page })

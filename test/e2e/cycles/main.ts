import { Subscription, filter, firstValueFrom } from 'rxjs'
import { createPinia, defineStore } from 'pinia'
import { createPush, defineChannel, usePushChannel, usePushStatus } from 'pinia-push'
import { createApp, defineComponent, h, nextTick, onUnmounted, ref } from 'vue'
import {
  createPushClient,
  fetchStream,
  iframeStream,
  longPolling,
  nchan,
  polling,
  sse,
  webSocket,
  xhrStream,
} from 'pinia-push/observables'

const TECHNIQUES = {
  polling: () => polling(),
  longPolling: () => longPolling(),
  iframeStream: () => iframeStream(),
  xhrStream: () => xhrStream(),
  fetchStream: () => fetchStream(),
  sse: () => sse(),
  eventSource: () => sse({ native: true }),
  webSocket: () => webSocket(),
}
export type Name = keyof typeof TECHNIQUES

/** Subscribes and unsubscribes: at once, while it connects, and when it is open. */
async function cycle(name: Name, times: number): Promise<void> {
  const push = createPushClient({ technique: TECHNIQUES[name](), backend: nchan(), disconnectDelay: 0 })
  const channel = push.channel(`/push/${name}`)
  for (let n = 0; n < times; n += 1) {
    if (n % 3 === 0) channel.messages$.subscribe().unsubscribe()
    else if (n % 3 === 1) {
      const reading = channel.messages$.subscribe()
      await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5 }))
      reading.unsubscribe()
    } else await firstValueFrom(channel.events$.pipe(filter(({ type }) => type === 'open')))
  }
  push.close()
}

const news = defineChannel({ url: '/push/components' })
const useNews = defineStore('news', {
  state: () => ({ last: undefined as unknown }),
  push: ({ bindChannel }) => bindChannel(news(), { apply: (state, { data }) => void (state.last = data) }),
})

/** Mounts and unmounts a component that reads a channel, shows the app's status, and uses a store of its own. */
async function mounts(times: number): Promise<void> {
  const push = createPush({ technique: webSocket(), backend: nchan(), disconnectDelay: 0 })
  const shown = ref(false)
  const Part = defineComponent(() => {
    const { data, status } = usePushChannel(news(), { pauseOnDeactivated: true })
    const app = usePushStatus()
    const store = useNews()
    onUnmounted(() => store.$dispose())
    return () => h('p', [data.value, status.value, app.status.value, store.$push.status].join())
  })
  const host = document.body.appendChild(document.createElement('div'))
  const app = createApp(() => (shown.value ? h(Part) : null))
    .use(createPinia().use(push.pinia))
    .use(push)
  app.mount(host)
  for (let n = 0; n < times; n += 1) {
    shown.value = true
    await nextTick()
    if (n % 3 === 1) await new Promise((resolve) => requestIdleCallback(resolve, { timeout: 5 }))
    else if (n % 3 === 2)
      await firstValueFrom(push.channel(news()).state$.pipe(filter(({ status }) => status === 'open')))
    shown.value = false
    await nextTick()
  }
  app.unmount()
  host.remove()
}

Object.assign(globalThis, { cycle, mounts, Subscription })

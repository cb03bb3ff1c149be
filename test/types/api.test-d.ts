import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { of } from 'rxjs'
import { createPush, defineChannel, pausable, sse, usePushChannel, type PushError, type PushStatus } from 'pinia-push'

declare function schema<T>(): StandardSchemaV1<T, T>

interface Order {
  id: string
  total: number
}
const orders = defineChannel({
  url: (p: { account: string }) => `/push/orders/${p.account}`,
  schema: schema<Order>(),
  sendSchema: schema<{ op: 'cancel'; id: string }>(),
})
const notices = defineChannel({ url: '/push/notices', decode: (raw) => JSON.parse(raw) as { text: string } })
const push = createPush()

push.channel(orders({ account: 'a' })).messages$.subscribe((m) => m.data.total.toFixed())
void push.channel(orders({ account: 'a' })).send({ op: 'cancel', id: '1' })
pausable(push.channel(orders({ account: 'a' })), of(false)).subscribe((event) => {
  if (event.type === 'message') event.data.total.toFixed()
  if (event.type === 'idle') event.pausedBy?.includes('reader')
})
defineChannel({ url: '/a', disconnectWhenHidden: false })
// @ts-expect-error no such stay
defineChannel({ url: '/a', disconnectWhenHidden: 'always' })
// @ts-expect-error parameters are required
orders()
// @ts-expect-error a wrong parameter
orders({ acount: 'a' })

export const useOrders = defineStore('orders', {
  state: () => ({ account: undefined as string | undefined, byId: {} as Record<string, Order> }),
  actions: {
    put(order: Order) {
      this.byId[order.id] = order
    },
  },
  push: ({ bindChannel, store }) => {
    const bound = bindChannel(() => (store.account ? orders({ account: store.account }) : null), {
      snapshot: async ({ signal }) => ({ state: { byId: {} }, cursor: signal.aborted ? undefined : 'c1' }),
      apply: (state, m) => {
        state.byId[m.data.id] = m.data
      },
    })
    void bound.send({ op: 'cancel', id: '1' })
    // @ts-expect-error a wrong message
    void bound.send({ op: 'buy', id: '1' })
    bindChannel(notices(), {
      apply: (state, m) => {
        state.account = m.data.text
      },
    })
    bindChannel(notices(), {
      apply: (state, m) => {
        // @ts-expect-error the state has no such field
        state.nope = m.data.text
      },
    })
    bindChannel(notices(), {
      apply: (_state, m) => {
        // @ts-expect-error the message has no such field
        void m.data.nope
      },
    })
    // @ts-expect-error a snapshot of another shape
    bindChannel(notices(), { snapshot: async () => ({ state: { nope: 1 } }), apply: () => {} })
    // @ts-expect-error a store is never written for each message on its own
    bindChannel(notices(), { apply: () => {}, flush: 'sync' })
  },
})

export const useFeed = defineStore(
  'feed',
  () => {
    const list = ref<string[]>([])
    const add = (text: string) => {
      list.value.push(text)
    }
    return { list, add }
  },
  {
    push: ({ bindChannel, store }) =>
      bindChannel(notices(), {
        apply: (state, m) => {
          state.list.push(m.data.text)
          store.add(m.data.text)
        },
      }),
  },
)

const feed = useFeed()
feed.$push.status satisfies PushStatus
feed.$push.error satisfies PushError | undefined
feed.$push.refresh()
// @ts-expect-error it is only read
feed.$push.status = 'open'

const props = { account: 'a' as string | undefined }
const one = usePushChannel(() => (props.account ? orders({ account: props.account }) : null), { enabled: () => true })
one.data.value?.total.toFixed()
void one.send({ op: 'cancel', id: '1' })
one.onMessage((message) => message.data.id.trim())
// @ts-expect-error a wrong message
void one.send({ op: 'buy', id: '1' })
// @ts-expect-error refs are only read
one.data.value = undefined
// @ts-expect-error a composable that could be awaited would hang a server's rendering
void one.then
// What is sent is JSON, unless a definition says otherwise.
void usePushChannel(notices()).send('x')
const words = defineChannel({ url: '/words', encode: (word: 'ping' | 'stop') => word })
void push.channel(words()).send('ping')
// @ts-expect-error not a word
void push.channel(words()).send('pong')
void push.channel('/anything').send({ any: 'thing' })
// A reply comes from the server, so its shape is not known.
for (const reply of [one.send({ op: 'cancel', id: '1' }), push.channel(words()).send('ping'), feed.$push.send('x')]) {
  reply satisfies Promise<unknown>
  // @ts-expect-error not known to be a text
  reply satisfies Promise<string>
}

const texts = usePushChannel(notices(), { initial: [] as string[], reduce: (list, m) => [...list, m.data.text] })
texts.data.value satisfies string[]
// @ts-expect-error what reduce gives is not what it began with
usePushChannel(notices(), { initial: [] as string[], reduce: (_list, m) => m.data })

usePushChannel<{ a: number }>('/push/any', { technique: sse() }).data.value?.a.toFixed()
usePushChannel<{ a: number }, number>('/push/any', {
  initial: 0,
  reduce: (sum, m) => sum + m.data.a,
}).data.value.toFixed()
usePushChannel(ref(orders({ account: 'a' }))).data.value?.total.toFixed()
usePushChannel(ref<string | null>(null)).data.value satisfies unknown
// @ts-expect-error a descriptor names its own technique
usePushChannel(notices(), { technique: sse() })

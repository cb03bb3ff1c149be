import { createPinia, defineStore } from 'pinia'
import { createPush, defineChannel, fetchStream, nchan, type Flush } from 'pinia-push'
import { computed, createApp, defineComponent, h, shallowReactive } from 'vue'

interface Trade {
  n: number
  key: string
  price: number
}

const LAST = 1_000
/** The keys that the page shows. */
const SHOWN = Array.from({ length: 20 }, (_, n) => `K${n * 500}`)
const trades = defineChannel<Trade>({ url: '/push/trades' })

/** What was applied, counted beside the state so that the state proves it. */
const applied = { messages: 0, outOfOrder: 0, gaps: 0 }

const bound = (flush: Exclude<Flush, 'sync'>) =>
  defineStore('trades', {
    // A trade is never changed in place: what holds so many needs no proxy for each.
    state: () => ({ last: shallowReactive<Trade[]>([]), byKey: shallowReactive<Record<string, Trade>>({}) }),
    push: ({ bindChannel }) =>
      void bindChannel(trades(), {
        apply(state, { data }) {
          if (data.n !== applied.messages) applied.outOfOrder += 1
          applied.messages += 1
          state.byKey[data.key] = data
          state.last.push(data)
          // What is cut in pieces costs little a message; one by one, each would move all the others.
          if (state.last.length >= 2 * LAST) state.last.splice(0, state.last.length - LAST)
        },
        onGap: () => (applied.gaps += 1),
        flush,
      }),
  })

/** What the browser calls a long task: one of 50 ms or more. In ms. */
let longest = 0
let long = 0
/** The longest wait of a clock, in ms: a clamp of the timer, and all tasks that came before it. */
let waited = 0
function watchTasks(): void {
  let before = performance.now()
  setInterval(() => {
    const now = performance.now()
    waited = Math.max(waited, now - before)
    before = now
  }, 0)
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      long += 1
      longest = Math.max(longest, duration)
    }
  }).observe({ type: 'longtask' })
}

/** Shows a store that is bound, as a page would. */
function show(flush: Exclude<Flush, 'sync'>): void {
  const push = createPush({ technique: fetchStream(), backend: nchan() })
  const useTrades = bound(flush)
  const Page = defineComponent(() => {
    const store = useTrades()
    const newest = computed(() => store.last.slice(-50).toReversed())
    const prices = computed(() => SHOWN.map((key) => store.byKey[key]?.price ?? '-').join(' '))
    return () => [
      h('p', `${store.$push.status}: ${prices.value}`),
      h(
        'ol',
        newest.value.map(({ key, price }) => h('li', { key }, `${key} ${price}`)),
      ),
    ]
  })
  const pinia = createPinia().use(push.pinia)
  createApp(Page).use(pinia).use(push).mount('#app')
  watchTasks()
  const seen = () => {
    const store = useTrades(pinia)
    const { last, byKey, $push } = store
    return {
      ...applied,
      status: $push.status,
      last: last.at(-1)?.n,
      keys: Object.keys(byKey).length,
      longest,
      long,
      waited,
    }
  }
  const restart = () => {
    longest = long = waited = 0
  }
  Object.assign(globalThis, { seen, restart })
}

Object.assign(globalThis, { show })

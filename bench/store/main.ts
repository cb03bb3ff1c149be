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

/** Counts of applied messages, outside of the state. */
const applied = { messages: 0, outOfOrder: 0, gaps: 0 }

const bound = (flush: Exclude<Flush, 'sync'>) =>
  defineStore('trades', {
    // A trade is replaced and never mutated, so it needs no proxy of its own.
    state: () => ({ last: shallowReactive<Trade[]>([]), byKey: shallowReactive<Record<string, Trade>>({}) }),
    push: ({ bindChannel }) =>
      void bindChannel(trades(), {
        apply(state, { data }) {
          if (data.n !== applied.messages) applied.outOfOrder += 1
          applied.messages += 1
          state.byKey[data.key] = data
          state.last.push(data)
          // Removing many at once is cheap; removing one per message would move all others each time.
          if (state.last.length >= 2 * LAST) state.last.splice(0, state.last.length - LAST)
        },
        onGap: () => (applied.gaps += 1),
        flush,
      }),
  })

/** The longest task of 50 ms or more, in ms. */
let longest = 0
let long = 0
/** The longest delay of a timer, in ms: its clamp, and all tasks before it. */
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

/** Shows a bound store, as a page would. */
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

import { createPinia, defineStore } from 'pinia'
import { createPush, defineChannel, fetchStream, nchan, type Flush } from 'pinia-push'
import { computed, createApp, defineComponent, h } from 'vue'

interface Trade {
  n: number
  key: string
  price: number
}

const LAST = 1_000
const trades = defineChannel<Trade>({ url: '/push/trades' })

/** What was applied, counted beside the state so that the state proves it. */
const applied = { messages: 0, outOfOrder: 0, gaps: 0 }

const bound = (flush: Exclude<Flush, 'sync'>) =>
  defineStore('trades', {
    state: () => ({ last: [] as Trade[], byKey: {} as Record<string, Trade> }),
    push: ({ bind }) =>
      void bind(trades(), {
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

let longest = 0
let long = 0
/** Between two ticks of a clock lies at most a clamp of the timer, and one task of the page that was too long for it. */
function watchTasks(): void {
  let before = performance.now()
  setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - before)
    before = now
  }, 0)
  new PerformanceObserver((list) => (long += list.getEntries().length)).observe({ type: 'longtask' })
}

/** Shows a store that is bound, as a page would. */
function show(flush: Exclude<Flush, 'sync'>): void {
  const push = createPush({ via: fetchStream(), dialect: nchan() })
  const useTrades = bound(flush)
  const Page = defineComponent(() => {
    const store = useTrades()
    const newest = computed(() => store.last.slice(-50).toReversed())
    const keys = computed(() => Object.keys(store.byKey).length)
    return () => [
      h('p', `${store.$push.status}, ${keys.value} keys`),
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
    }
  }
  const restart = () => {
    longest = long = 0
  }
  Object.assign(globalThis, { seen, restart })
}

Object.assign(globalThis, { show })

// @vitest-environment jsdom
import { createPinia, defineStore } from 'pinia'
import { Subject, of } from 'rxjs'
import { createApp } from 'vue'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  createPushClient,
  backoff,
  fallback,
  pageLifecycle,
  standard,
  type PushClientOptions,
  type PushEvent,
} from 'pinia-push/observables'
import { mockTechnique } from 'pinia-push/testing'
import { createPush, defineChannel, usePushStatus } from 'pinia-push'

const HOUR = 3_600_000

// Timers and both clocks are fake; only `Date` is set.
beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    }),
)
afterEach(() => void vi.useRealTimers())
const setClock = (by: number) => vi.setSystemTime(Date.now() + by)

function reading(options: PushClientOptions = {}) {
  const technique = mockTechnique()
  const client = createPushClient({
    technique,
    baseUrl: 'http://push.test',
    warnings: false,
    retry: backoff({ initialDelay: 30_000, maxDelay: 30_000, random: () => 0.99 }),
    disconnectDelay: 5_000,
    ...options,
  })
  const events: PushEvent<unknown>[] = []
  const channel = client.channel('/a')
  const subscription = channel.events$.subscribe((event) => events.push(event))
  return { technique, client, channel, subscription, events, types: () => events.map(({ type }) => type) }
}

describe.each([HOUR, -HOUR])('the wall clock is set by %i ms', (jump) => {
  test('while it connects: a hang is detected in time', () => {
    const { types } = reading()
    vi.advanceTimersByTime(2_000)
    setClock(jump)
    vi.advanceTimersByTime(2_900)
    expect(types()).toEqual(['connecting'])
    vi.advanceTimersByTime(200)
    expect(types()).toEqual(['connecting', 'reconnecting'])
  })

  test('while it is open: silence is detected in time, and not before', () => {
    const { technique, types } = reading({ lifecycle: pageLifecycle(), backend: standard({ heartbeat: 10_000 }) })
    technique.latest.open()
    vi.advanceTimersByTime(5_000)
    setClock(jump)
    vi.advanceTimersByTime(9_900)
    expect(types()).toEqual(['connecting', 'open'])
    expect(technique.connections).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(types()).toEqual(['connecting', 'open', 'reconnecting'])
  })

  test('while it is open: it does not count as sleep', () => {
    const { technique } = reading({ lifecycle: pageLifecycle() })
    technique.latest.open()
    technique.latest.message(1)
    setClock(jump)
    vi.advanceTimersByTime(30_000)
    expect(technique.connections).toHaveLength(1)
  })

  test('while it waits: the next attempt and the countdown are in time, and `retryAt` follows the clock', () => {
    const { technique, client, types } = reading()
    technique.latest.open()
    technique.latest.drop()
    const status = usePushStatus({ client: client })
    expect(status.secondsUntilRetry.value).toBe(20)
    vi.advanceTimersByTime(10_000)
    setClock(jump)
    vi.advanceTimersByTime(5_000)
    expect(status.secondsUntilRetry.value).toBe(5)
    expect(Math.abs((status.retryAt.value ?? 0) - Date.now() - 4_800)).toBeLessThan(1_000)
    // One that is mounted now counts as the others do.
    expect(usePushStatus({ client: client }).secondsUntilRetry.value).toBe(5)
    vi.advanceTimersByTime(4_700)
    expect(technique.connections).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(technique.connections).toHaveLength(2)
    expect(types().at(-1)).toBe('connecting')
  })

  test('without readers: the connection closes after `disconnectDelay`', () => {
    const { channel, subscription } = reading()
    subscription.unsubscribe()
    setClock(jump)
    vi.advanceTimersByTime(4_900)
    expect(channel.status).toBe('connecting')
    vi.advanceTimersByTime(200)
    expect(channel.status).toBe('idle')
  })

  test('while a token is used: it is renewed in time', () => {
    const expiresAt = Date.now() + 10_000
    const { technique } = reading({ prepareRequest: () => ({ expiresAt }) })
    technique.latest.open()
    technique.latest.message(1)
    setClock(jump)
    vi.advanceTimersByTime(8_900)
    expect(technique.connections).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(technique.connections).toHaveLength(2)
  })

  test('while it is paused: it resumes when the page is visible', () => {
    const hidden$ = new Subject<boolean>()
    const none$ = of(false)
    const signals = { hidden$, offline$: none$, left$: none$, thawed$: new Subject<unknown>() }
    const { technique, channel } = reading({ lifecycle: pageLifecycle({ hiddenTimeout: 1_000, signals }) })
    technique.latest.open()
    hidden$.next(true)
    setClock(jump)
    vi.advanceTimersByTime(900)
    expect(channel.status).toBe('open')
    vi.advanceTimersByTime(200)
    expect(channel.status).toBe('idle')
    setClock(jump)
    hidden$.next(false)
    expect(channel.status).toBe('connecting')
  })

  test('while a fallback upgrades: a better technique is tried, and takes over, in time', () => {
    const [higher, lower] = [mockTechnique({ name: 'higher' }), mockTechnique({ name: 'lower' })]
    const technique = fallback({ random: () => 0.99 }, higher, lower)
    const { channel } = reading({ technique, backend: standard({ heartbeat: 1e6 }) })
    higher.latest.refuse()
    lower.latest.open()
    lower.latest.message(1)
    // It waits for the next try.
    setClock(jump)
    vi.advanceTimersByTime(9_900)
    expect(higher.connections).toHaveLength(1)
    vi.advanceTimersByTime(200)
    expect(higher.connections).toHaveLength(2)
    // The better technique opens.
    setClock(jump)
    vi.advanceTimersByTime(2_700)
    expect(higher.latest.closed).toBe(false)
    higher.latest.open()
    higher.latest.alive()
    // Both stand beside each other.
    setClock(jump)
    vi.advanceTimersByTime(900)
    expect(channel.state.technique).toBe('lower')
    vi.advanceTimersByTime(200)
    expect([channel.state.technique, lower.latest.closed]).toEqual(['higher', true])
  })

  test('while a fallback upgrades: a technique that hangs is left in time', () => {
    const [higher, lower] = [mockTechnique({ name: 'higher' }), mockTechnique({ name: 'lower' })]
    const { channel } = reading({ technique: fallback(higher, lower), backend: standard({ heartbeat: 1e6 }) })
    setClock(jump)
    vi.advanceTimersByTime(2_900)
    expect(lower.connections).toHaveLength(0)
    vi.advanceTimersByTime(200)
    lower.latest.open()
    expect(channel.state.technique).toBe('lower')
  })

  test('while a fallback remembers: a technique that works is remembered for `rememberFor`', () => {
    const [higher, lower] = [mockTechnique({ name: 'higher' }), mockTechnique({ name: 'lower' })]
    const technique = fallback({ rememberFor: 60_000 }, higher, lower)
    const { subscription, channel } = reading({ technique, disconnectDelay: 0 })
    higher.latest.refuse()
    lower.latest.open()
    subscription.unsubscribe()
    const tried = () => {
      const { length } = higher.connections
      channel.events$.subscribe().unsubscribe()
      return higher.connections.length > length
    }
    setClock(jump)
    vi.advanceTimersByTime(59_000)
    expect(tried()).toBe(false)
    vi.advanceTimersByTime(2_000)
    expect(tried()).toBe(true)
  })

  test('while a store waits to load its snapshot again: it is loaded in time', async () => {
    let asked = 0
    const { store, technique } = bound(() => {
      asked += 1
      return Promise.reject(new Error('503'))
    })
    technique.latest.open()
    while (store.$push.error === undefined) await Promise.resolve()
    setClock(jump)
    vi.advanceTimersByTime(19_700)
    expect(asked).toBe(1)
    vi.advanceTimersByTime(200)
    expect(asked).toBe(2)
  })

  test('while a store loads its snapshot: it is given up in time', async () => {
    const { store, technique } = bound(() => new Promise(() => {}))
    technique.latest.open()
    setClock(jump)
    vi.advanceTimersByTime(29_900)
    expect(store.$push.error).toBeUndefined()
    vi.advanceTimersByTime(200)
    expect(store.$push.error?.code).toBe('snapshot-failed')
  })

  test('while it waits: the countdown of `explain()` is in time', () => {
    const { technique, channel } = reading()
    technique.latest.open()
    technique.latest.drop()
    setClock(jump)
    vi.advanceTimersByTime(10_000)
    expect(channel.explain()).toContain('retries in 10 s')
  })
})

/** A store that is bound to a channel, with this snapshot. */
function bound(snapshot: () => Promise<never>) {
  const technique = mockTechnique()
  const push = createPush({
    technique,
    baseUrl: 'http://push.test',
    retry: backoff({ initialDelay: 30_000, maxDelay: 30_000, random: () => 0.99 }),
    backend: standard({ heartbeat: 1e6 }),
  })
  const app = createApp({ render: () => null })
  const pinia = createPinia().use(push.pinia)
  app.config.errorHandler = () => {}
  app.use(pinia).use(push).mount(document.createElement('div'))
  onTestFinished(() => app.unmount())
  const useStore = defineStore('clock', {
    state: () => ({}),
    push: ({ bindChannel }) => bindChannel(defineChannel({ url: '/a' })(), { snapshot, apply: () => {} }),
  })
  return { technique, store: useStore(pinia) }
}

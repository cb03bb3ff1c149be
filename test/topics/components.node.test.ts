// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { expect, onTestFinished, test, vi } from 'vitest'
import { KeepAlive, defineComponent, h, nextTick, ref, shallowRef } from 'vue'
import { backoff, createPush, defineChannel, usePushChannel, usePushStatus, type PushClientOptions } from 'pinia-push'
import { serveHub } from './serve-hub.ts'

const prices = defineChannel<number>({ topic: 'prices' })
const room = defineChannel<string, { name: string }>({ topic: ({ name }) => `rooms/${name}` })
const WAIT = { timeout: 20_000 }

/** Mounts a component whose setup is given, with a client of a hub. */
async function mounted<R>(setup: () => R, options: PushClientOptions = {}) {
  const served = await serveHub({ receive: ({ channel }) => `published to ${channel}` })
  const push = createPush({ ...served.client, ...options })
  let result: { of: R } | undefined
  const wrapper = mount(
    defineComponent(() => {
      result = { of: setup() }
      return () => h('p')
    }),
    { global: { plugins: [push] } },
  )
  onTestFinished(() => wrapper.unmount())
  if (!result) throw new Error('setup did not run')
  return { ...served, push, wrapper, result: result.of }
}

test('components read, fold and send topics on one connection, which closes with the last of them', async () => {
  const { result, publish, proxy, wrapper, hub } = await mounted(() => ({
    price: usePushChannel(prices()),
    all: usePushChannel(room({ name: 'a' }), {
      initial: [] as string[],
      reduce: (list, { data }) => [...list, data],
    }),
    text: usePushChannel<string>('rooms/a'),
  }))
  const { price, all, text } = result
  expect(price.status.value).toBe('connecting')
  await vi.waitFor(() => expect([price.status.value, all.status.value]).toEqual(['open', 'open']), WAIT)
  expect(price.technique.value).toBe('webSocket')
  publish('prices', 7)
  publish('rooms/a', 'one')
  expect(await all.send('two')).toBe('published to rooms/a')
  await vi.waitFor(() => expect([price.data.value, all.data.value]).toEqual([7, ['one', 'two']]), WAIT)
  expect(text.data.value).toBe('two')
  expect(proxy.stats.connections).toBe(1)
  wrapper.unmount()
  await vi.waitFor(() => expect(proxy.stats.open).toBe(0), WAIT)
  expect(hub.state('prices')?.subscribers ?? 0).toBe(0)
})

test('a source that changes leaves one topic for the other, on the same connection', async () => {
  const name = ref<string | null>('a')
  const { result, publish, proxy } = await mounted(() => ({
    kept: usePushChannel(prices()),
    moving: usePushChannel(() => (name.value === null ? null : room({ name: name.value }))),
  }))
  const { moving } = result
  await vi.waitFor(() => expect(moving.status.value).toBe('open'), WAIT)
  name.value = 'b'
  await vi.waitFor(() => expect(moving.status.value).toBe('open'), WAIT)
  publish('rooms/a', 'of a')
  publish('rooms/b', 'of b')
  await vi.waitFor(() => expect(moving.data.value).toBe('of b'), WAIT)
  name.value = null
  expect(moving.status.value).toBe('idle')
  expect(proxy.stats.connections).toBe(1)
})

test('a paused reader receives missed messages, whether others read the topic or not', async () => {
  const seen: number[] = []
  const { result, publish } = await mounted(() => ({
    prices: usePushChannel(prices(), { initial: [] as number[], reduce: (list, { data }) => [...list, data] }),
    room: usePushChannel(room({ name: 'a' })),
  }))
  const { data, status, pause, resume, onGap } = result.prices
  onGap(() => seen.push(-1))
  await vi.waitFor(() => expect([status.value, result.room.status.value]).toEqual(['open', 'open']), WAIT)
  publish('prices', 1)
  await vi.waitFor(() => expect(data.value).toEqual([1]), WAIT)
  pause()
  expect(status.value).toBe('idle')
  publish('prices', 2)
  publish('prices', 3)
  publish('rooms/a', 'passed')
  await vi.waitFor(() => expect(result.room.data.value).toBe('passed'), WAIT)
  expect(data.value).toEqual([1])
  resume()
  await vi.waitFor(() => expect(data.value).toEqual([1, 2, 3]), WAIT)
  expect(seen).toEqual([])
})

test('a component in <KeepAlive> resumes its topic when it is shown again', async () => {
  const served = await serveHub()
  const push = createPush(served.client)
  const shown = shallowRef(true)
  let list: readonly number[] = []
  const Reader = defineComponent(() => {
    const { data, status } = usePushChannel(prices(), {
      initial: [] as number[],
      reduce: (all, message) => [...all, message.data],
      pauseOnDeactivated: true,
    })
    return () => h('p', [status.value, (list = data.value).join()].join(' '))
  })
  const wrapper = mount(
    defineComponent(() => () => h(KeepAlive, () => (shown.value ? h(Reader) : h('i')))),
    { global: { plugins: [push] } },
  )
  onTestFinished(() => wrapper.unmount())
  await vi.waitFor(() => expect(wrapper.text()).toBe('open'), WAIT)
  served.publish('prices', 1)
  await vi.waitFor(() => expect(list).toEqual([1]), WAIT)
  shown.value = false
  await vi.waitFor(() => expect(served.proxy.stats.open).toBe(0), WAIT)
  served.publish('prices', 2)
  shown.value = true
  await vi.waitFor(() => expect(wrapper.text()).toBe('open 1,2'), WAIT)
})

test('after `close()` of a composable its topic is left, and `reconnect()` reads it again', async () => {
  const { result, publish, hub, proxy } = await mounted(() => ({
    price: usePushChannel(prices()),
    room: usePushChannel(room({ name: 'a' })),
  }))
  const { price } = result
  await vi.waitFor(() => expect(price.status.value).toBe('open'), WAIT)
  price.close()
  expect(price.status.value).toBe('closed')
  await vi.waitFor(() => expect(hub.state('prices')?.subscribers ?? 0).toBe(0), WAIT)
  price.reconnect()
  await vi.waitFor(() => expect(price.status.value).toBe('open'), WAIT)
  publish('prices', 3)
  await vi.waitFor(() => expect(price.data.value).toBe(3), WAIT)
  expect(proxy.stats.connections).toBe(1)
})

test('`channel.close()` closes one topic for all its readers, `channel.reconnect()` resumes it, and the others stay', async () => {
  const { result, publish, push, proxy } = await mounted(() => ({
    price: usePushChannel(prices(), { initial: [] as number[], reduce: (list, { data }) => [...list, data] }),
    room: usePushChannel(room({ name: 'a' })),
  }))
  const { price, room: other } = result
  await vi.waitFor(() => expect([price.status.value, other.status.value]).toEqual(['open', 'open']), WAIT)
  publish('prices', 1)
  await vi.waitFor(() => expect(price.data.value).toEqual([1]), WAIT)
  push.channel(prices()).close()
  expect([price.status.value, other.status.value]).toEqual(['closed', 'open'])
  publish('prices', 2)
  push.channel(prices()).reconnect()
  await vi.waitFor(() => expect(price.data.value).toEqual([1, 2]), WAIT)
  expect(proxy.stats.connections).toBe(1)
})

test('`client.close()` closes every topic and the connection', async () => {
  const { result, push, proxy } = await mounted(() => ({
    price: usePushChannel(prices()),
    room: usePushChannel(room({ name: 'a' })),
  }))
  await vi.waitFor(() => expect(result.price.status.value).toBe('open'), WAIT)
  push.close()
  expect([result.price.status.value, result.room.status.value]).toEqual(['closed', 'closed'])
  await vi.waitFor(() => expect(proxy.stats.open).toBe(0), WAIT)
  expect(() => push.channel(prices())).toThrow(expect.objectContaining({ code: 'client-closed' }))
})

test('`usePushStatus` shows one outage of all topics, and its `reconnect()` ends the wait of all', async () => {
  const retry = Object.assign(backoff(), { nextDelay: () => 600_000 })
  const { result, proxy, push, publish } = await mounted(
    () => ({
      banner: usePushStatus(),
      price: usePushChannel(prices()),
      room: usePushChannel(room({ name: 'a' })),
    }),
    { retry },
  )
  const { banner, price } = result
  await vi.waitFor(() => expect(banner.status.value).toBe('open'), WAIT)
  expect(banner.channels.value.map(({ url }) => url)).toEqual([`${proxy.url}/#prices`, `${proxy.url}/#rooms%2Fa`])
  proxy.drop()
  await vi.waitFor(() => expect(banner.status.value).toBe('reconnecting'), WAIT)
  expect(banner.channels.value.map(({ status }) => status)).toEqual(['reconnecting', 'reconnecting'])
  expect(banner.secondsUntilRetry.value).toBe(600)
  // A topic that is read during the wait waits as long as the connection, not for a delay of its own.
  await vi.waitFor(() => expect(banner.secondsUntilRetry.value).toBe(599), WAIT)
  const late = push.channel(room({ name: 'late' }))
  const reading = late.events$.subscribe()
  expect(late.status).toBe('reconnecting')
  expect(Math.abs((late.retryDue ?? 0) - (push.channel(prices()).retryDue ?? 0))).toBeLessThan(100)
  banner.reconnect()
  await vi.waitFor(() => expect(banner.status.value).toBe('open'), WAIT)
  await nextTick()
  expect(banner.secondsUntilRetry.value).toBeUndefined()
  publish('prices', 4)
  await vi.waitFor(() => expect(price.data.value).toBe(4), WAIT)
  expect(proxy.stats.connections).toBe(2)
  reading.unsubscribe()
})

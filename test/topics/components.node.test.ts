// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { expect, onTestFinished, test } from 'vitest'
import { KeepAlive, defineComponent, h, nextTick, ref, shallowRef } from 'vue'
import { backoff, createPush, defineChannel, usePushChannel, usePushStatus, type PushClientOptions } from 'pinia-push'
import { serveHub } from './serve-hub.ts'
import { waitFor } from '../wait-for.ts'

const prices = defineChannel<number>({ topic: 'prices' })
const room = defineChannel<string, { name: string }>({ topic: ({ name }) => `rooms/${name}` })
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
  await waitFor(() => expect([price.status.value, all.status.value]).toEqual(['open', 'open']))
  expect(price.technique.value).toBe('webSocket')
  publish('prices', 7)
  publish('rooms/a', 'one')
  expect(await all.send('two')).toBe('published to rooms/a')
  await waitFor(() => expect([price.data.value, all.data.value]).toEqual([7, ['one', 'two']]))
  expect(text.data.value).toBe('two')
  expect(proxy.stats.connections).toBe(1)
  wrapper.unmount()
  await waitFor(() => expect(proxy.stats.open).toBe(0))
  expect(hub.state('prices')?.subscribers ?? 0).toBe(0)
})

test('a source that changes leaves one topic for the other, on the same connection', async () => {
  const name = ref<string | null>('a')
  const { result, publish, proxy } = await mounted(() => ({
    kept: usePushChannel(prices()),
    moving: usePushChannel(() => (name.value === null ? null : room({ name: name.value }))),
  }))
  const { moving } = result
  await waitFor(() => expect(moving.status.value).toBe('open'))
  name.value = 'b'
  await waitFor(() => expect(moving.status.value).toBe('open'))
  publish('rooms/a', 'of a')
  publish('rooms/b', 'of b')
  await waitFor(() => expect(moving.data.value).toBe('of b'))
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
  await waitFor(() => expect([status.value, result.room.status.value]).toEqual(['open', 'open']))
  publish('prices', 1)
  await waitFor(() => expect(data.value).toEqual([1]))
  pause()
  expect(status.value).toBe('idle')
  publish('prices', 2)
  publish('prices', 3)
  publish('rooms/a', 'passed')
  await waitFor(() => expect(result.room.data.value).toBe('passed'))
  expect(data.value).toEqual([1])
  resume()
  await waitFor(() => expect(data.value).toEqual([1, 2, 3]))
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
  await waitFor(() => expect(wrapper.text()).toBe('open'))
  served.publish('prices', 1)
  await waitFor(() => expect(list).toEqual([1]))
  shown.value = false
  await waitFor(() => expect(served.proxy.stats.open).toBe(0))
  served.publish('prices', 2)
  shown.value = true
  await waitFor(() => expect(wrapper.text()).toBe('open 1,2'))
})

test('after `close()` of a composable its topic is left, and `reconnect()` reads it again', async () => {
  const { result, publish, hub, proxy } = await mounted(() => ({
    price: usePushChannel(prices()),
    room: usePushChannel(room({ name: 'a' })),
  }))
  const { price } = result
  await waitFor(() => expect(price.status.value).toBe('open'))
  price.close()
  expect(price.status.value).toBe('closed')
  await waitFor(() => expect(hub.state('prices')?.subscribers ?? 0).toBe(0))
  price.reconnect()
  await waitFor(() => expect(price.status.value).toBe('open'))
  publish('prices', 3)
  await waitFor(() => expect(price.data.value).toBe(3))
  expect(proxy.stats.connections).toBe(1)
})

test('`channel.close()` closes one topic for all its readers, `channel.reconnect()` resumes it, and the others stay', async () => {
  const { result, publish, push, proxy } = await mounted(() => ({
    price: usePushChannel(prices(), { initial: [] as number[], reduce: (list, { data }) => [...list, data] }),
    room: usePushChannel(room({ name: 'a' })),
  }))
  const { price, room: other } = result
  await waitFor(() => expect([price.status.value, other.status.value]).toEqual(['open', 'open']))
  publish('prices', 1)
  await waitFor(() => expect(price.data.value).toEqual([1]))
  push.channel(prices()).close()
  expect([price.status.value, other.status.value]).toEqual(['closed', 'open'])
  publish('prices', 2)
  push.channel(prices()).reconnect()
  await waitFor(() => expect(price.data.value).toEqual([1, 2]))
  expect(proxy.stats.connections).toBe(1)
})

test('`client.close()` closes every topic and the connection', async () => {
  const { result, push, proxy } = await mounted(() => ({
    price: usePushChannel(prices()),
    room: usePushChannel(room({ name: 'a' })),
  }))
  await waitFor(() => expect(result.price.status.value).toBe('open'))
  push.close()
  expect([result.price.status.value, result.room.status.value]).toEqual(['closed', 'closed'])
  await waitFor(() => expect(proxy.stats.open).toBe(0))
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
  await waitFor(() => expect(banner.status.value).toBe('open'))
  expect(banner.channels.value.map(({ url }) => url)).toEqual([`${proxy.url}/#prices`, `${proxy.url}/#rooms%2Fa`])
  proxy.drop()
  await waitFor(() => expect(banner.status.value).toBe('reconnecting'))
  expect(banner.channels.value.map(({ status }) => status)).toEqual(['reconnecting', 'reconnecting'])
  expect(banner.secondsUntilRetry.value).toBe(600)
  // A topic that is read during the wait waits as long as the connection, not for a delay of its own.
  await waitFor(() => expect(banner.secondsUntilRetry.value).toBe(599))
  const late = push.channel(room({ name: 'late' }))
  const reading = late.events$.subscribe()
  expect(late.status).toBe('reconnecting')
  expect(Math.abs((late.retryDue ?? 0) - (push.channel(prices()).retryDue ?? 0))).toBeLessThan(100)
  banner.reconnect()
  await waitFor(() => expect(banner.status.value).toBe('open'))
  await nextTick()
  expect(banner.secondsUntilRetry.value).toBeUndefined()
  publish('prices', 4)
  await waitFor(() => expect(price.data.value).toBe(4))
  expect(proxy.stats.connections).toBe(2)
  reading.unsubscribe()
})

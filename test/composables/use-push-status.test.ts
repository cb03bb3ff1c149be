// @vitest-environment jsdom
import { mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { effectScope } from 'vue'
import { PushError, defineChannel, usePushChannel, usePushStatus } from 'pinia-push'
import { createTestingClient } from 'pinia-push/testing'
import { cleanPush, mountSimple } from './mount-simple.ts'

const news = defineChannel<string>({ url: '/news' })
const prices = defineChannel<number>({ url: '/prices' })

const path = ({ url }: { url: string }) => new URL(url).pathname

test('connects nothing, and is idle while no channel is read', () => {
  const { result, technique } = mountSimple(() => usePushStatus())
  expect(result.status.value).toBe('idle')
  expect(result.channels.value).toEqual([])
  expect(technique.connections).toHaveLength(0)
})

test('shows every channel of any reader, and the most severe status', async () => {
  const testing = cleanPush()
  const { result, push, technique, advance } = mountSimple(() => usePushStatus(), testing)
  const plain = push.channel(prices()).events$.subscribe()
  technique.latest.open()
  const component = mountSimple(() => usePushChannel(news()), testing)
  await advance()
  expect(result.channels.value.map((channel) => [path(channel), channel.status, channel.technique])).toEqual([
    ['/prices', 'open', 'scripted'],
    ['/news', 'connecting', undefined],
  ])
  expect(result.status.value).toBe('connecting')
  technique.latest.refuse(503)
  await advance()
  expect(result.status.value).toBe('reconnecting')
  expect(result.error.value?.code).toBe('unavailable')
  component.wrapper.unmount()
  await advance()
  expect([result.status.value, result.error.value, result.channels.value.map(path)]).toEqual([
    'open',
    undefined,
    ['/prices'],
  ])
  plain.unsubscribe()
})

test('counts down to the next attempt in seconds', async () => {
  const { result, technique, advance } = mountSimple(() => ({ ...usePushChannel(news()), ...usePushStatus() }))
  for (const delay of [250, 500, 1_000, 2_000]) {
    technique.latest.refuse(503)
    await advance(delay)
  }
  technique.latest.refuse(503)
  await advance()
  expect([result.status.value, result.secondsUntilRetry.value]).toEqual(['reconnecting', 4])
  const seen: (number | undefined)[] = []
  for (const ms of [999, 1, 1_000, 1_000]) {
    await advance(ms)
    seen.push(result.secondsUntilRetry.value)
  }
  expect(seen).toEqual([4, 3, 2, 1])
  await advance(1_000)
  expect([result.status.value, result.secondsUntilRetry.value, result.retryAt.value]).toEqual([
    'reconnecting',
    undefined,
    undefined,
  ])
  expect(result.channels.value[0]).toMatchObject({ attempt: 5, error: { code: 'unavailable' } })
})

test('counts down to the first of several attempts', async () => {
  const { result, push, technique, advance } = mountSimple(() => usePushStatus())
  const readers = [push.channel('/news'), push.channel('/prices')].map(({ events$ }) => events$.subscribe())
  const [first, second] = technique.connections
  first?.drop(new PushError('unavailable', 'busy', { retryAfter: 8_750 }))
  second?.drop(new PushError('unavailable', 'busy', { retryAfter: 2_750 }))
  await advance()
  expect(result.secondsUntilRetry.value).toBe(3)
  for (const reader of readers) reader.unsubscribe()
})

test('reconnect() connects channels that wait or have failed, but not closed ones', async () => {
  const { result, push, technique, advance } = mountSimple(() => usePushStatus())
  const closed = push.channel('/closed')
  const readers = [push.channel('/news'), push.channel('/prices'), closed].map(({ events$ }) => events$.subscribe())
  const [waiting, failed] = technique.connections
  waiting?.refuse(503)
  failed?.refuse(404)
  closed.close()
  await advance()
  expect(result.channels.value.map(({ status }) => status)).toEqual(['reconnecting', 'failed', 'closed'])
  result.reconnect()
  await advance()
  expect(result.channels.value.map(({ status }) => status)).toEqual(['reconnecting', 'connecting', 'closed'])
  expect(technique.connections).toHaveLength(5)
  for (const reader of readers) reader.unsubscribe()
})

test('writes many changes of one task as one', async () => {
  const { result, technique, advance } = mountSimple(() => ({
    ...usePushChannel(news()),
    all: usePushStatus().channels,
  }))
  const before = result.all.value
  technique.latest.open()
  technique.latest.drop()
  expect(result.all.value).toBe(before)
  await advance()
  expect(result.all.value[0]?.status).toBe('reconnecting')
})

test('throws without the plugin; in an effect scope it takes a client', () => {
  expect(() => mount({ setup: () => usePushStatus(), render: () => null })).toThrow(PushError)
  const { push, technique, assertNoLeaks } = createTestingClient()
  const reading = push.channel('/news').events$.subscribe()
  technique.latest.refuse(503)
  const scope = effectScope()
  const shown = scope.run(() => usePushStatus({ client: push }))
  expect([shown?.status.value, shown?.error.value?.code]).toEqual(['reconnecting', 'unavailable'])
  scope.stop()
  reading.unsubscribe()
  assertNoLeaks()
})

test('a banner that is shown and removed leaves no timer', () => {
  const { push, technique, time } = cleanPush()
  const reading = push.channel('/news').events$.subscribe()
  technique.latest.refuse(503)
  const timers = time.pending
  for (let n = 0; n < 1_000; n += 1) {
    const scope = effectScope()
    const shown = scope.run(() => usePushStatus({ client: push }))
    expect(shown?.secondsUntilRetry.value).toBe(1)
    scope.stop()
  }
  expect(time.pending).toBe(timers)
  reading.unsubscribe()
})

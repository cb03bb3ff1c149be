import { expect, onTestFinished, test } from 'vitest'
import { createApp } from 'vue'
import { defineChannel } from 'pinia-push'
import { createTestingPush } from 'pinia-push/testing'
import { tools } from '../e2e/devtools/tools.ts'

const news = defineChannel<string>({ url: '/news' })
const prices = defineChannel<number>({ url: '/prices', decode: (raw) => JSON.parse(String(raw)) as number })

// The tools fail when the last app of a page is unmounted.
createApp({ render: () => null }).mount(document.createElement('div'))

const pushLayers = () => tools.layers.filter((label) => label === 'Push').length

/** Mounts an app in a page with developer tools, and returns the events that they show. */
async function watched() {
  const layers = pushLayers()
  const testing = createTestingPush()
  const app = createApp({ render: () => null }).use(testing.push)
  app.mount(document.createElement('div'))
  let mounted = true
  const unmount = () => {
    if (mounted) app.unmount()
    mounted = false
  }
  onTestFinished(unmount)
  await expect.poll(() => tools.lookAt(app)).toBe(true)
  await expect.poll(() => pushLayers()).toBe(layers + 1)
  expect(tools.inspectors()).toContain('Push channels')
  const before = tools.events.length
  const events = () => tools.events.slice(before).map(({ event }) => event)
  return {
    ...testing,
    unmount,
    events,
    /** The title and the mark of each event. */
    shown: () => events().map(({ title, logType }) => [title, logType]),
    async press(action: string) {
      const [node] = await tools.tree()
      tools.press(action, node?.id ?? 'none')
    },
    async panel() {
      const [node] = await tools.tree()
      return tools.state(node?.id ?? 'none')
    },
  }
}

test('failures are marked, with their reason', async () => {
  const { push, technique, advance, shown, events } = await watched()
  const reader = push.channel(prices()).events$.subscribe()
  technique.latest.open()
  technique.latest.message(1)
  technique.latest.invalid()
  technique.latest.gap('history-expired')
  technique.latest.refuse(503)
  await advance(250)
  technique.latest.refuse(404)
  await expect.poll(shown).toEqual([
    ['connecting', 'default'],
    ['open', 'default'],
    ['message', 'default'],
    ['invalid', 'error'],
    ['gap', 'warning'],
    ['reconnecting', 'warning'],
    ['connecting', 'default'],
    ['gap', 'warning'],
    ['failed', 'error'],
  ])
  expect(events().map(({ data }) => data.error?.code ?? data.reason)).toEqual([
    undefined,
    undefined,
    undefined,
    'invalid-message',
    'history-expired',
    'unavailable',
    undefined,
    'not-resumed',
    'rejected',
  ])
  reader.unsubscribe()
})

test('the panel shows the cursor of a channel that waits, and Retry ends the wait', async () => {
  const { push, technique, panel, press } = await watched()
  const reader = push.channel(news()).events$.subscribe()
  technique.latest.open()
  technique.latest.message('one', { cursor: 'c7' })
  technique.latest.drop()
  expect(await panel()).toMatchObject({
    connection: {
      url: 'http://push.test/news',
      status: 'reconnecting',
      attempt: 1,
      'retry at': '1970-01-01 00:00:00.250 UTC',
      'last error': 'connection-lost: The mock connection was dropped.',
    },
    messages: { received: 1, invalid: 0, gaps: 0, last: 'one', cursor: 'c7' },
  })
  await press('Retry')
  expect(technique.connections).toHaveLength(2)
  expect(technique.latest.request.cursor?.value).toBe('c7')
  technique.latest.open()
  expect((await panel())?.['connection']).toMatchObject({ status: 'open', technique: 'scripted' })
  reader.unsubscribe()
})

test('Retry connects a failed channel again', async () => {
  const { push, technique, press } = await watched()
  const reader = push.channel(news()).events$.subscribe()
  technique.latest.refuse(404)
  await press('Retry')
  expect(technique.connections).toHaveLength(2)
  reader.unsubscribe()
})

test('Drop breaks an open connection, which resumes from its cursor, and does nothing without one', async () => {
  const { push, technique, advance, press } = await watched()
  const types: string[] = []
  const reader = push.channel(news()).events$.subscribe(({ type }) => types.push(type))
  technique.latest.open()
  technique.latest.message('one', { cursor: 'c7' })
  await press('Drop')
  expect(technique.latest.closed).toBe(true)
  await press('Drop')
  await advance(250)
  expect(technique.connections).toHaveLength(2)
  expect(technique.latest.request.cursor?.value).toBe('c7')
  technique.latest.open()
  expect(types).toEqual(['connecting', 'open', 'message', 'reconnecting', 'connecting', 'open'])
  reader.unsubscribe()
})

test('inspecting a channel neither connects it nor keeps it', async () => {
  const { push, technique, panel, assertNoLeaks, shown } = await watched()
  const channel = push.channel(news())
  expect(await tools.tree()).toEqual([])
  expect(technique.connections).toHaveLength(0)
  const reader = channel.events$.subscribe()
  technique.latest.open()
  expect((await panel())?.['connection']).toMatchObject({ status: 'open' })
  reader.unsubscribe()
  expect(channel.status).toBe('idle')
  expect(await tools.tree()).toEqual([])
  expect(shown().at(-1)).toEqual(['idle', 'default'])
  assertNoLeaks()
})

test('thousands of messages are shown as a few events that count all of them', async () => {
  const { push, technique, events, panel } = await watched()
  const reader = push.channel(prices()).events$.subscribe()
  technique.latest.open()
  for (let n = 1; n <= 5_000; n++) technique.latest.message(n)
  await expect.poll(() => events().map(({ title }) => title)).toEqual(['connecting', 'open', '5000 × message'])
  expect(events().at(-1)?.data).toMatchObject({ count: 5_000, data: 5_000 })
  expect((await panel())?.['messages']).toMatchObject({ received: 5_000, last: 5_000 })
  reader.unsubscribe()
})

test('an unmounted app is not shown any more, although its channels are read', async () => {
  const { push, technique, events, unmount, assertNoLeaks } = await watched()
  push.channel(news()).events$.subscribe()
  technique.latest.open()
  unmount()
  await expect.poll(() => events().at(-1)?.title).toBe('closed')
  const { length } = events()
  const reader = push.channel(prices()).events$.subscribe()
  technique.latest.open()
  // An event of another app, which the tools show after all earlier ones.
  const later = await watched()
  const witness = later.push.channel(news()).events$.subscribe()
  await expect.poll(() => later.events().map(({ title }) => title)).toEqual(['connecting'])
  expect(events()).toHaveLength(length + 1)
  witness.unsubscribe()
  reader.unsubscribe()
  assertNoLeaks()
})

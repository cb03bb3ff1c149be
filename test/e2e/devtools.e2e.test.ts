import { join } from 'node:path'
import { chromium, type Page as Playwright, type WebSocket } from 'playwright'
import { pushHub } from 'pinia-push/vite'
import { createServer } from 'vite'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { bundle } from './bundle.ts'
import { CHROMIUM } from './chromium.ts'
import { cacheDir } from './vite-cache.ts'
import type { Page } from './devtools/main.ts'
import type { Tools } from './devtools/tools.ts'
import { launch } from './launch.ts'

const folder = new URL('devtools/', import.meta.url)
const repository = new URL('../..', import.meta.url).pathname

declare const tools: Tools
declare const page: Page

let site: Awaited<ReturnType<typeof serve>>

beforeAll(async () => {
  site = await serve()
})
afterAll(() => site.stop())

/** The app of `devtools/` on Vite's dev server, with a hub that publishes to `rooms/b` when a test lets it. */
async function serve() {
  let publishSlow = () => {}
  const slow = new Promise<boolean>((resolve) => (publishSlow = () => resolve(true)))
  const server = await createServer({
    configFile: false,
    root: folder.pathname,
    cacheDir,
    plugins: [pushHub({ authorize: ({ action, channel }) => action !== 'publish' || channel !== 'rooms/b' || slow })],
    // A dependency that Vite discovers late would reload the page.
    optimizeDeps: { include: ['@vue/devtools-api', '@vue/devtools-kit', 'rxjs', 'vue'] },
    // Otherwise the test runner's value would be built in.
    define: { 'process.env.NODE_ENV': '"development"' },
    resolve: { alias: { 'pinia-push': join(repository, 'src/index.ts') } },
    server: { port: 0, host: '127.0.0.1', fs: { allow: [repository] } },
    logLevel: 'error',
  })
  await server.listen()
  const address = server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? ''
  const browser = await launch(chromium, CHROMIUM)
  return {
    address,
    browser,
    publishSlow,
    async stop() {
      await browser.close()
      await server.close()
    },
  }
}

/** Opens a new page that reads a channel. */
async function open(query = '?tools') {
  const page = await site.browser.newPage()
  onTestFinished(() => page.close())
  const complaints: string[] = []
  const loaded: string[] = []
  const sockets: WebSocket[] = []
  page.on('websocket', (socket) => {
    if (socket.url().includes('/push/')) sockets.push(socket)
  })
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  page.on('request', (request) => loaded.push(request.url()))
  await page.goto(`${site.address}/${query}`)
  await page.locator('#news', { hasText: 'open: ' }).waitFor()
  return { page, complaints, loaded, sockets }
}

const publish = (text: string) =>
  fetch(`${site.address}/push/news`, { method: 'POST', body: JSON.stringify(text) }).then((answer) => answer.status)

test('the tools show the channel, with events from before they were loaded in its panel', async () => {
  const { page: tab, complaints } = await open()
  await expect.poll(() => tab.evaluate(() => tools.layers)).toContain('Push')
  expect(await tab.evaluate(() => tools.inspectors())).toContain('Push channels')
  const [node] = await tab.evaluate(() => tools.tree())
  expect([node?.label, node?.tags?.map(({ label }) => label)]).toEqual(['/push/news', ['open', 'webSocket']])
  await publish('hello')
  await tab.locator('#news', { hasText: 'hello' }).waitFor()
  await expect
    .poll(() => tab.evaluate(() => tools.events.at(-1)?.event))
    .toMatchObject({ title: 'message', subtitle: '/push/news', data: { data: 'hello', cursor: expect.any(String) } })
  const state = await tab.evaluate((id) => tools.state(id), node?.id ?? '')
  expect(state).toMatchObject({
    connection: { status: 'open', technique: 'webSocket' },
    messages: { received: 1, last: 'hello', cursor: expect.any(String) },
  })
  expect(Object.values(state?.['last events'] ?? {})).toMatchObject([
    { type: 'open', technique: 'webSocket' },
    { type: 'connecting' },
  ])
  expect(complaints).toEqual([])
})

test('a drop by the tools reconnects and loses nothing', async () => {
  const { page: tab } = await open()
  await expect.poll(() => tab.evaluate(() => tools.layers)).toContain('Push')
  await publish('before')
  // The tools show events in order, so earlier events have been shown by then.
  const shown = () => tab.evaluate(() => tools.events.map(({ event }) => event))
  await expect.poll(async () => (await shown()).map(({ title }) => title)).toContain('message')
  const { length: before } = await shown()
  await tab.evaluate(async () => {
    const [node] = await tools.tree()
    tools.press('Drop', node?.id ?? '')
  })
  await publish('meanwhile')
  await tab.locator('#news', { hasText: 'open: before,meanwhile' }).waitFor()
  await publish('after')
  await tab.locator('#news', { hasText: 'open: before,meanwhile,after' }).waitFor()
  const since = async () => (await shown()).slice(before).filter(({ data }) => data.type !== 'message')
  await expect
    .poll(async () => (await since()).map(({ title, logType }) => [title, logType]))
    .toEqual([
      ['reconnecting', 'warning'],
      ['connecting', 'default'],
      ['open', 'default'],
    ])
  expect((await since())[0]?.data.error?.code).toBe('connection-lost')
})

test('the events of a burst of messages count every one', async () => {
  const { page: tab } = await open()
  await expect.poll(() => tab.evaluate(() => tools.layers)).toContain('Push')
  await Promise.all(Array.from({ length: 300 }, (_, n) => publish(`${n}`)))
  const told = () =>
    tab.evaluate(() => tools.events.filter(({ event }) => event.data.type === 'message').map(({ event }) => event))
  const sum = (counts: (number | undefined)[]) => counts.reduce<number>((all, count) => all + (count ?? 1), 0)
  await expect.poll(async () => sum((await told()).map(({ data }) => data.count))).toBe(300)
})

test('the tools keep no connection open, and no channel that the app has left', async () => {
  const { page: tab, sockets } = await open()
  await expect.poll(() => tab.evaluate(async () => (await tools.tree()).length)).toBe(1)
  await publish('one')
  expect(sockets.map((socket) => socket.isClosed())).toEqual([false])
  await tab.evaluate(() => page.read(false))
  await expect.poll(() => tab.evaluate(() => tools.events.at(-1)?.event.title)).toBe('idle')
  expect(await tab.evaluate(() => tools.tree())).toEqual([])
  await expect.poll(() => sockets.map((socket) => socket.isClosed())).toEqual([true])
  const cdp = await tab.context().newCDPSession(tab)
  await expect
    .poll(async () => {
      await cdp.send('HeapProfiler.collectGarbage')
      return tab.evaluate(() => page.channel.deref() === undefined)
    })
    .toBe(true)
})

test('the tools no longer show an app that is unmounted', async () => {
  const { page: tab, complaints } = await open()
  await expect.poll(() => tab.evaluate(async () => (await tools.tree()).length)).toBe(1)
  await tab.evaluate(() => page.unmount())
  await expect.poll(() => tab.evaluate(() => tools.events.at(-1)?.event.title)).toBe('closed')
  // A moment later the tools' own inspector of components fails, because it looks for the app that is gone.
  expect(complaints.filter((stack) => stack.includes('/src/'))).toEqual([])
})

describe('topics of one connection', () => {
  const connectionOf = (tab: Playwright, at: number) =>
    tab.evaluate(async (index) => {
      const nodes = await tools.tree()
      return (await tools.state(nodes[index]?.id ?? ''))?.['connection']
    }, at)

  test('are shown by their names, with the connection that they share', async () => {
    const { page: tab } = await open('?tools&topics')
    await expect.poll(() => tab.evaluate(() => tools.layers)).toContain('Push')
    await expect
      .poll(() => tab.evaluate(async () => (await tools.tree()).map(({ label, tags }) => [label, tags])))
      .toMatchObject([
        ['news', [{ label: 'open' }, { label: 'webSocket' }, { label: 'topic' }]],
        ['rooms/a', [{ label: 'open' }, { label: 'webSocket' }, { label: 'topic' }]],
        ['rooms/b', [{ label: 'open' }, { label: 'webSocket' }, { label: 'topic' }]],
      ])
    const shown = { topic: 'rooms/b', technique: 'webSocket', 'topics on its connection': 3 }
    expect(await connectionOf(tab, 2)).toMatchObject(shown)
    await tab.evaluate(() => page.read(false))
    await expect.poll(() => connectionOf(tab, 1)).toMatchObject({ ...shown, 'topics on its connection': 2 })
    const sent = tab.evaluate(() => page.send('b', 'slow'))
    await expect.poll(() => connectionOf(tab, 0)).toMatchObject({ 'messages without acknowledgement': 1 })
    site.publishSlow()
    await sent
    await expect.poll(() => connectionOf(tab, 0)).toMatchObject({ 'messages without acknowledgement': 0 })
  })

  test('a drop of one breaks the connection of all, and nothing is lost', async () => {
    const { page: tab, sockets } = await open('?tools&topics')
    await expect.poll(() => tab.evaluate(async () => (await tools.tree()).length)).toBe(3)
    await expect.poll(async () => (await connectionOf(tab, 2))?.['status']).toBe('open')
    await publish('before')
    await tab.locator('#news', { hasText: 'open: before' }).waitFor()
    await tab.evaluate(async () => {
      const [, , node] = await tools.tree()
      tools.press('Drop', node?.id ?? '')
    })
    await publish('meanwhile')
    await tab.locator('#news', { hasText: 'open: before,meanwhile' }).waitFor()
    expect(sockets.map((socket) => socket.isClosed())).toEqual([true, false])
    const errors = await Promise.all([0, 1, 2].map(async (at) => (await connectionOf(tab, at))?.['last error']))
    for (const error of errors) expect(error).toMatch(/^connection-lost: .*dropped by developer tools/)
  })
})

test('a page without tools loads nothing for them', async () => {
  const { page: tab, loaded } = await open('')
  await publish('one')
  await tab.locator('#news', { hasText: 'one' }).waitFor()
  expect(loaded.some((url) => url.includes('/src/plugin/'))).toBe(true)
  expect(loaded.filter((url) => /\/src\/devtools\/|@?vue_devtools/.test(url))).toEqual([])
})

const TRACES = ['Push channels', 'addTimelineLayer', 'dropped by developer tools']

test('a production bundle contains no code of it', async () => {
  const traces = async (mode: 'production' | 'development') => {
    const text = [...(await bundle(new URL('hmr/', import.meta.url), mode)).values()].join('\n')
    return TRACES.filter((trace) => text.includes(trace))
  }
  expect(await traces('development')).toEqual(TRACES)
  expect(await traces('production')).toEqual([])
})

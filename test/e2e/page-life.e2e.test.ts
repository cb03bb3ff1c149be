import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { chromium, type Browser } from 'playwright'
import { createHub, type Hub } from 'pinia-push/hub'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { CHROMIUM_WITH_TABS } from './chromium.ts'
import { openTab, type Tab } from './tab.ts'
import { launch } from './launch.ts'

const TECHNIQUES = [
  'polling',
  'longPolling',
  'iframeStream',
  'xhrStream',
  'fetchStream',
  'sse',
  'webSocket',
  'longPolling, as a topic',
  'sse, as a topic',
  'webSocket, as a topic',
]

let hub: Hub
let server: Server
let browser: Browser
let port: number

beforeAll(async () => {
  const files = await bundle(new URL('page-life', import.meta.url))
  hub = createHub({ allowedHosts: ['push.test'] })
  server = createServer((request, response) => {
    if (hub.handle(request, response)) return
    const { pathname } = new URL(request.url ?? '', 'http://push.test')
    response.setHeader('Content-Type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end(files.get(pathname) ?? '<!doctype html>another page')
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
  browser = await launch(chromium, {
    ...CHROMIUM_WITH_TABS,
    args: [...CHROMIUM_WITH_TABS.args, '--host-resolver-rules=MAP push.test 127.0.0.1'],
    // Playwright disables it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  })
})
afterAll(async () => {
  await browser.close()
  void hub.close()
  drop()
  server.close()
})

const sockets = new Set<Socket>()
const drop = () => {
  for (const socket of sockets) socket.destroy()
}

const tabs: Tab[] = []
afterEach(async () => {
  for (const tab of tabs.splice(0)) await tab.close()
})

let channels = 0

/** Opens a tab that reads its own channel. */
async function reading(name: string, { host = '127.0.0.1', hidden = '' } = {}) {
  const [technique = '', topic] = name.split(', ')
  const channel = `life-${(channels += 1)}`
  const query = new URLSearchParams({ technique, channel, ...(hidden && { hidden }), ...(topic && { topic }) })
  const tab = await open(`http://${host}:${port}/index.html?${query}`)
  const seen = async () => (await tab.evaluate('globalThis.seen')) as string[]
  const reader = {
    tab,
    seen,
    publish: (n: number) => hub.publish(channel, String(n)),
    async sees(word: string) {
      await expect.poll(seen, { message: `sees ${word}` }).toContain(word)
    },
    /** The messages and gaps. */
    news: async () => (await seen()).filter((word) => /^\d|^gap/.test(word)),
  }
  await reader.sees('open')
  reader.publish(1)
  await reader.sees('1')
  return reader
}

async function open(url: string): Promise<Tab> {
  const tab = await openTab(browser, url)
  tabs.push(tab)
  return tab
}

describe.each(TECHNIQUES)('%s', (technique) => {
  test('enters the back/forward cache, and returns without a lost message', async () => {
    const { tab, publish, sees, news, seen } = await reading(technique)
    await tab.send('Page.navigate', { url: `http://127.0.0.1:${port}/other` })
    await expect.poll(() => tab.evaluate('document.body?.innerText')).toBe('another page')
    publish(2)
    await tab.evaluate('history.back()')
    await sees('2')
    publish(3)
    await sees('3')
    expect(await news()).toEqual(['1', '2', '3'])
    expect(await seen()).toEqual(expect.arrayContaining(['idle bfcache', 'back from the cache']))
  })

  test('pauses behind another tab, and loses nothing', async () => {
    const { tab, publish, sees, news } = await reading(technique, { hidden: '10' })
    await open('about:blank')
    await sees('idle hidden')
    publish(2)
    await tab.activate()
    await sees('2')
    expect(await news()).toEqual(['1', '2'])
  })

  test('is frozen behind another tab, and loses nothing', async () => {
    const { tab, publish, sees, news } = await reading(technique)
    await open('about:blank')
    await expect.poll(() => tab.evaluate('document.visibilityState')).toBe('hidden')
    await tab.send('Page.setWebLifecycleState', { state: 'frozen' })
    publish(2)
    await tab.send('Page.setWebLifecycleState', { state: 'active' })
    await sees('frozen')
    publish(3)
    await tab.activate()
    await sees('3')
    expect(await news()).toEqual(['1', '2', '3'])
  })

  test('retries slowly while the host is offline, and at once when it is online', async () => {
    const { tab, publish, sees, news } = await reading(technique, { host: 'push.test' })
    const network = (offline: boolean) =>
      tab.send('Network.emulateNetworkConditions', {
        offline,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: -1,
      })
    await tab.send('Network.enable')
    await network(true)
    // An open connection may outlive the outage that the browser simulates, so the test breaks it.
    drop()
    // A browser repeats a dropped poll without informing the page: this ends it.
    publish(2)
    await sees('reconnecting long')
    publish(3)
    await network(false)
    await sees('3')
    expect(await news()).toEqual(['1', '2', '3'])
  })
})

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright'
import { createHub, type Hub } from 'pinia-push/hub'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { CHROMIUM } from './chromium.ts'
import { launch } from './launch.ts'
import type { Received } from './many-tabs/main.ts'

const CHANNELS = 8

let files: Map<string, string | Uint8Array>
let browser: Browser
let context: BrowserContext
let hub: Hub
let server: Server

beforeAll(async () => {
  files = await bundle(new URL('many-tabs', import.meta.url))
  browser = await launch(chromium, CHROMIUM)
})
afterAll(() => browser.close())

/** The last number that was published to each channel. */
let last = 0
let publishing: NodeJS.Timeout

beforeEach(async () => {
  hub = createHub({ history: { count: 10_000 } })
  server = createServer((request, response) => {
    if (hub.handle(request, response)) return
    const { pathname } = new URL(request.url ?? '', 'http://127.0.0.1')
    response.setHeader('Content-Type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end(files.get(pathname) ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  context = await browser.newContext()
  last = 0
  publishing = setInterval(() => {
    last += 1
    for (let channel = 0; channel < CHANNELS; channel += 1) hub.publish(String(channel), String(last))
  }, 50)
})
afterEach(async () => {
  clearInterval(publishing)
  await context.close()
  await hub.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function openTab(hash = ''): Promise<Page> {
  const page = await context.newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html${hash}`)
  return page
}
const received = (page: Page): Promise<Received> =>
  page.evaluate(() => (globalThis as unknown as { received: Received }).received)
/** Returns the technique of each tab, by which all its channels are open. */
const techniques = (pages: readonly Page[]): Promise<string[]> =>
  Promise.all(
    pages.map(async (page) => {
      const open = (await received(page)).techniques
      return new Set(open).size === 1 && open.filter(Boolean).length === CHANNELS ? (open[0] ?? '') : 'not all open'
    }),
  )

/** Waits until each channel of each tab has the last message, and expects every message since its first one. */
async function expectNoneLost(pages: readonly Page[]): Promise<void> {
  const until = last + 10
  for (const page of pages) {
    await expect
      .poll(async () => Math.min(...(await received(page)).numbers.map((numbers) => numbers.at(-1) ?? 0)))
      .toBeGreaterThanOrEqual(until)
    const { numbers, gaps } = await received(page)
    const expected = numbers.map(([first = 0], channel) => numbers[channel]?.map((_, at) => first + at))
    expect({ numbers, gaps }).toEqual({ numbers: expected, gaps: 0 })
  }
}

describe('many tabs of one origin over HTTP/1.1', () => {
  test('eight tabs with eight channels each are live: four by streams, the others by polls', async () => {
    const pages: Page[] = []
    for (let tab = 0; tab < 8; tab += 1) pages.push(await openTab())
    await expect
      .poll(async () => (await techniques(pages)).toSorted())
      .toEqual([...Array<string>(4).fill('polling'), ...Array<string>(4).fill('sse')])
    await expectNoneLost(pages)

    // A stream of a closed tab goes to another tab.
    const closed = (await techniques(pages)).indexOf('sse')
    await pages[closed]?.close()
    pages.splice(closed, 1)
    await expect
      .poll(async () => (await techniques(pages)).toSorted())
      .toEqual([...Array<string>(3).fill('polling'), ...Array<string>(4).fill('sse')])
    await expectNoneLost(pages)
  })

  test('the fifth stream reports connection-limit, and opens when a tab is closed', async () => {
    const pages: Page[] = []
    for (let tab = 0; tab < 4; tab += 1) pages.push(await openTab('#sse'))
    await expect.poll(() => techniques(pages)).toEqual(Array(4).fill('sse'))
    const fifth = await openTab('#sse')
    await expect.poll(async () => (await received(fifth)).errors).toContain('connection-limit')
    await pages[0]?.close()
    await expect.poll(() => techniques([fifth])).toEqual(['sse'])
    await expectNoneLost([...pages.slice(1), fifth])
  })
})

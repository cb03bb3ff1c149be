import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { cacheDir } from './vite-cache.ts'
import { launch } from './launch.ts'

let server: ViteDevServer
let browser: Browser
let address: string

beforeAll(async () => {
  server = await createServer({
    configFile: new URL('../../playground/vite.config.ts', import.meta.url).pathname,
    cacheDir,
    server: { port: 0 },
    logLevel: 'error',
  })
  await server.listen()
  const bound = server.httpServer?.address() as AddressInfo
  address = `http://127.0.0.1:${bound.port}`
  browser = await launch(chromium, CHROMIUM)
})
afterAll(async () => {
  await browser.close()
  await server.close()
})
afterEach(async () => {
  await fetch(`${address}/network/rules/all/pass`, { method: 'POST' })
  for (const context of browser.contexts()) await context.close()
})

async function visit(options: BrowserContextOptions = {}): Promise<Page & { complaints: string[] }> {
  const page = await (await browser.newContext(options)).newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    // The browser warns about the faults that this page causes on purpose.
    if (message.text().includes('[Vue warn]')) complaints.push(message.text())
  })
  await page.goto(`${address}/network/`)
  await inUse(page, 'webSocket')
  return Object.assign(page, { complaints })
}

const inUse = (page: Page, technique: string) => page.locator(`[data-in-use="${technique}"]`).waitFor()
const breaks = (page: Page, way: string, what: string) =>
  page.getByRole('radio', { name: new RegExp(`^${way}: ${what}`) }).check()
const count = async (page: Page, what: string) => Number(await page.locator(`[data-count="${what}"]`).textContent())
const news = (page: Page) => page.locator('.news').innerText()

/** Expects complete sentences in the news. */
async function expectSentences(page: Page): Promise<void> {
  const told = await page.locator('.news li').allInnerTexts()
  expect(told.filter((text) => !/[^.]\.$/.test(text))).toEqual([])
}

/** Expects further messages, and none lost or repeated. */
async function expectAllIsThere(page: Page & { complaints: string[] }): Promise<void> {
  const before = await count(page, 'received')
  await expect.poll(() => count(page, 'received')).toBeGreaterThan(before + 5)
  const counts = await Promise.all(['lost', 'repeated', 'gaps'].map((what) => count(page, what)))
  expect([counts, page.complaints]).toEqual([[0, 0, 0], []])
}

describe('the network page', () => {
  test('a blocked WebSocket falls back to Server-Sent Events, and returns when it works again', async () => {
    const page = await visit()
    await breaks(page, 'WebSocket', 'blocked')
    await inUse(page, 'sse')
    await expectAllIsThere(page)
    expect(await news(page)).toMatch(/WebSocket failed: .*WebSocket to ".*" not opened/)
    // The whole of a reason, which has parentheses and colons of its own.
    await page.getByText(/is open by sse\..* failed .* ago: .*\(401, 403, 404\).*subprotocol .+: use .+\./).waitFor()
    await expectSentences(page)
    await page.getByRole('button', { name: 'A good network' }).click()
    await inUse(page, 'webSocket')
    await expectAllIsThere(page)
  })

  test.for(['hangs', 'flaps', 'black hole'])('a WebSocket that %s costs no message', async (what) => {
    const page = await visit()
    await breaks(page, 'WebSocket', what)
    await inUse(page, 'sse')
    await expectAllIsThere(page)
    await expectSentences(page)
  })

  test('if a proxy buffers streams too, polls take over', async () => {
    const page = await visit()
    await breaks(page, 'Streams', 'buffered')
    await breaks(page, 'WebSocket', 'blocked')
    await inUse(page, 'longPolling')
    await expectAllIsThere(page)
    await page.locator('[data-lane="sse"] button').first().waitFor()
    await page.locator('[data-lane="longPolling"] .in-use').waitFor()
  })

  test('shows by keyboard why an attempt failed', async () => {
    const page = await visit()
    await breaks(page, 'WebSocket', 'blocked')
    const failed = page.locator('[data-lane="webSocket"] button').first()
    await failed.focus()
    await page
      .locator('.why')
      .getByText(/^WebSocket, \d+ s ago: .+/)
      .waitFor()
    expect(await failed.getAttribute('aria-label')).toMatch(/^WebSocket failed \d+ s ago: .+/)
  })

  test('shows faults that another window set', async () => {
    const page = await visit()
    await breaks(page, 'WebSocket', 'blocked')
    await inUse(page, 'sse')
    const second = await (await browser.newContext()).newPage()
    await second.goto(`${address}/network/`)
    await expect.poll(() => second.getByRole('radio', { name: /^WebSocket: blocked/ }).isChecked()).toBe(true)
    await inUse(second, 'sse')
  })
})

describe('fifty topics on one connection', () => {
  const figure = async (page: Page, what: string) =>
    Number(await page.locator(`[data-topics="${what}"]`).textContent({ timeout: 60_000 }))
  const openTopics = async (page: Page) => {
    await page.getByRole('button', { name: 'Open 50 topics' }).click()
    await expect.poll(() => figure(page, 'open')).toBe(50)
  }
  /** Expects a further message of every topic, and none lost. */
  const expectNoneLost = async (page: Page & { complaints: string[] }) => {
    const before = await figure(page, 'received')
    await expect.poll(() => figure(page, 'received')).toBeGreaterThanOrEqual(before + 100)
    const figures = await Promise.all(['open', 'lost', 'gaps'].map((what) => figure(page, what)))
    expect([figures, page.complaints]).toEqual([[50, 0, 0], []])
  }

  test('fall back together while WebSockets are blocked, return, and lose nothing', async () => {
    const page = await visit()
    expect(await page.locator('[data-topics]').count()).toBe(0)
    await openTopics(page)
    await page.getByText('All topics by one connection: WebSocket.').waitFor()
    expect(await figure(page, 'connections')).toBe(2)
    await expectNoneLost(page)
    await breaks(page, 'WebSocket', 'blocked')
    await page.getByText('All topics by one connection: Server-Sent Events.').waitFor()
    await expectNoneLost(page)
    await breaks(page, 'Streams', 'buffered')
    await page.getByText('All topics by one connection: Long polling.').waitFor()
    await expectNoneLost(page)
    await page.getByRole('button', { name: 'A good network' }).click()
    await page.getByText('All topics by one connection: WebSocket.').waitFor()
    await expectNoneLost(page)
    await expect.poll(() => figure(page, 'connections')).toBe(2)
  })

  test('lose nothing when every connection is cut, and leave none when they are closed', async () => {
    const page = await visit()
    await openTopics(page)
    for (let n = 0; n < 3; n++) {
      await page.getByRole('button', { name: 'Cut all now' }).click()
      await expectNoneLost(page)
    }
    await page.getByRole('button', { name: 'Close 50 topics' }).click()
    expect(await page.locator('[data-topics]').count()).toBe(0)
    await page.getByRole('button', { name: 'Open 50 topics' }).click()
    await expectNoneLost(page)
    await expectAllIsThere(page)
  })
})

test.each(['light', 'dark'] as const)(
  'has no accessibility violation in %s, at 390 px and wide',
  async (colorScheme) => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    for (const width of [390, 1_440]) {
      const page = await visit({ colorScheme, reducedMotion: 'reduce', viewport: { width, height: 900 } })
      await page.getByRole('button', { name: 'Open 50 topics' }).click()
      await page.locator('[data-topics="open"]', { hasText: '50' }).waitFor()
      await page.evaluate(axe)
      const faults = () =>
        page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run()
          return violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html.slice(0, 120)) }))
        })
      expect(await faults()).toEqual([])
      await breaks(page, 'WebSocket', 'blocked')
      await inUse(page, 'sse')
      expect(await faults()).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await page.getByRole('button', { name: 'A good network' }).click()
      await page.context().close()
    }
  },
)

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM } from './chromium.ts'

const TECHNIQUES = [
  'polling',
  'longPolling',
  'iframeStream',
  'xhrStream',
  'fetchStream',
  'sse',
  'eventSource',
  'webSocket',
]

let server: ViteDevServer
let browser: Browser
let address: string

beforeAll(async () => {
  server = await createServer({
    configFile: new URL('../../playground/vite.config.ts', import.meta.url).pathname,
    server: { port: 0 },
    logLevel: 'error',
  })
  await server.listen()
  const bound = server.httpServer?.address() as AddressInfo
  address = `http://127.0.0.1:${bound.port}/`
  browser = await chromium.launch(CHROMIUM)
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

/** Opens the playground in a window of its own; anything it complains of fails the test. */
async function visit(options: BrowserContextOptions = {}): Promise<Page & { complaints: string[] }> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'warning') complaints.push(message.text())
  })
  await page.goto(address)
  return Object.assign(page, { complaints })
}

const card = (page: Page, technique: string) => page.locator(`[data-technique="${technique}"]`)
const allOpen = (page: Page) =>
  Promise.all(
    TECHNIQUES.map((technique) => page.waitForSelector(`[data-technique="${technique}"][data-status="open"]`)),
  )
const messages = async (page: Page, technique: string) =>
  Number(await card(page, technique).getAttribute('data-messages'))

async function publish(page: Page, text: string): Promise<void> {
  await page.getByLabel('A message for every card').fill(text)
  await page.getByRole('button', { name: 'Publish' }).click()
}

describe('the playground', () => {
  test('shows every technique open, with the same messages, in two windows at once', async () => {
    const windows = [await visit(), await visit()]
    for (const page of windows) await allOpen(page)
    const [first, second] = windows
    if (!first || !second) throw new Error('two windows were opened')
    await publish(first, 'seen by all')
    for (const page of windows) {
      for (const technique of TECHNIQUES)
        await card(page, technique)
          .filter({ has: page.getByTitle('seen by all') })
          .waitFor()
      expect(page.complaints).toEqual([])
      await page.context().close()
    }
  })

  test.each(TECHNIQUES)(
    '%s recovers from a drop, a stall and a refusal with nothing lost or repeated',
    async (technique) => {
      const page = await visit()
      await allOpen(page)
      const shown = card(page, technique)
      const press = (fault: string) => shown.locator(`[data-fault="${fault}"]`).click()
      for (const fault of ['drop', 'refuse', 'stall']) {
        await press(fault)
        if (fault === 'refuse') await page.waitForSelector(`[data-technique="${technique}"][data-status="waiting"]`)
        await press('heal')
        await page.waitForSelector(`[data-technique="${technique}"][data-status="open"]`)
        const before = await messages(page, technique)
        await page.waitForFunction(
          ([name, count]) =>
            Number(document.querySelector<HTMLElement>(`[data-technique="${name}"]`)?.dataset['messages']) >
            Number(count) + 5,
          [technique, before],
        )
        expect({
          fault,
          lost: await shown.getAttribute('data-lost'),
          repeated: await shown.getAttribute('data-repeated'),
        }).toEqual({ fault, lost: '0', repeated: '0' })
      }
      await page.context().close()
    },
  )

  test('fills its board from a store: a snapshot, then what changes', async () => {
    const page = await visit()
    const board = page.getByRole('region', { name: /This machine/ })
    await board.getByRole('row').nth(2).waitFor()
    const before = await board.textContent()
    await page.waitForFunction((text) => document.querySelector('.board')?.textContent !== text, before)
    expect(page.complaints).toEqual([])
    await page.context().close()
  })

  test.each(['light', 'dark'] as const)(
    'has no serious accessibility fault in %s, at 390 px and wide',
    async (colorScheme) => {
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      for (const width of [390, 1_440]) {
        const page = await visit({ colorScheme, viewport: { width, height: 900 } })
        await allOpen(page)
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
        await page.evaluate(axe)
        const faults = await page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run()
          return violations.map(({ id, impact, nodes }) => ({
            id,
            impact,
            where: nodes.map(({ html }) => html.slice(0, 120)),
          }))
        })
        expect(faults.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([])
        await page.context().close()
      }
    },
  )

  test('works by keyboard alone', async () => {
    const page = await visit()
    await allOpen(page)
    await page.getByLabel('A message for every card').focus()
    await page.keyboard.type('typed')
    await page.keyboard.press('Enter')
    await card(page, 'webSocket')
      .filter({ has: page.getByTitle('typed') })
      .waitFor()
    await card(page, 'webSocket').locator('[data-fault="refuse"]').focus()
    await page.keyboard.press('Space')
    await page.waitForSelector('[data-technique="webSocket"][data-status="waiting"]')
    await card(page, 'webSocket').locator('[data-fault="heal"]').focus()
    await page.keyboard.press('Space')
    await page.waitForSelector('[data-technique="webSocket"][data-status="open"]')
    expect(page.complaints).toEqual([])
    await page.context().close()
  })
})

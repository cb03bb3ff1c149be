import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { cacheDir } from './vite-cache.ts'
import { launch } from './launch.ts'
import { TECHNIQUES } from './techniques.ts'

const SERVED = {
  configFile: new URL('../../playground/vite.config.ts', import.meta.url).pathname,
  cacheDir,
  logLevel: 'error',
} as const

let browser: Browser
/** The address of the playground. */
export let address: string

/** Serves the playground at a free port. */
export async function servePlayground(): Promise<{ server: ViteDevServer; at: string }> {
  const server = await createServer({ ...SERVED, server: { port: 0 } })
  await server.listen()
  const bound = server.httpServer?.address() as AddressInfo
  return { server, at: `http://127.0.0.1:${bound.port}/` }
}

/** Serves the playground to the tests of a file, and heals its hub after each. */
export function openPlayground(): void {
  let server: ViteDevServer
  beforeAll(async () => {
    const served = await servePlayground()
    server = served.server
    address = served.at
    browser = await launch(chromium, CHROMIUM)
  })
  afterEach(async () => {
    for (const path of ['hub/start', 'interval/100']) await fetch(`${address}${path}`, { method: 'POST' })
  })
  afterAll(async () => {
    await browser.close()
    await server.close()
  })
}

/** A healed card replaces an attempt that may hang. Chromium warns about a WebSocket that closes before it opens. */
const isAbandoned = (text: string) => text.includes('WebSocket is closed before the connection is established')

/** Opens the playground in a new window; any warning or error fails the test. */
export async function visit(
  options: BrowserContextOptions = {},
  before: () => void = () => {},
  at = address,
): Promise<Page & { complaints: string[] }> {
  const context = await browser.newContext(options)
  await context.addInitScript(before)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'warning' && !isAbandoned(message.text())) complaints.push(message.text())
  })
  await page.goto(at)
  return Object.assign(page, { complaints })
}

/** The technique that starts on request only. */
export const BEGUN_BY_HAND = 'flashSocket'

export async function begin(page: Page): Promise<void> {
  await card(page, BEGUN_BY_HAND).locator('[data-begin]').click()
  await page.waitForSelector(`[data-technique="${BEGUN_BY_HAND}"][data-status="open"]`)
}

export const card = (page: Page, technique: string) => page.locator(`[data-technique="${technique}"]`)
export const allOpen = (page: Page) =>
  Promise.all(
    TECHNIQUES.map((technique) => page.waitForSelector(`[data-technique="${technique}"][data-status="open"]`)),
  )
export const messages = async (page: Page, technique: string) =>
  Number(await card(page, technique).getAttribute('data-messages'))

export async function publish(page: Page, text: string): Promise<void> {
  await page.getByLabel('A message for every card').fill(text)
  await page.getByRole('button', { name: 'Publish' }).click()
}

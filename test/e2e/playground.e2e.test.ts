import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM } from './chromium.ts'
import { cacheDir } from './vite-cache.ts'
import { launch } from './launch.ts'

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

const SERVED = {
  configFile: new URL('../../playground/vite.config.ts', import.meta.url).pathname,
  cacheDir,
  logLevel: 'error',
} as const

let server: ViteDevServer
let browser: Browser
let address: string

beforeAll(async () => {
  server = await createServer({ ...SERVED, server: { port: 0 } })
  await server.listen()
  const bound = server.httpServer?.address() as AddressInfo
  address = `http://127.0.0.1:${bound.port}/`
  browser = await launch(chromium, CHROMIUM)
})
afterEach(async () => {
  for (const path of ['hub/start', 'interval/100']) await fetch(`${address}${path}`, { method: 'POST' })
})
afterAll(async () => {
  await browser.close()
  await server.close()
})

/** A healed card replaces an attempt that may hang. Chromium warns about a WebSocket that closes before it opens. */
const isAbandoned = (text: string) => text.includes('WebSocket is closed before the connection is established')

/** Opens the playground in a new window; any warning or error fails the test. */
async function visit(
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
const BEGUN_BY_HAND = 'flashSocket'

async function begin(page: Page): Promise<void> {
  await card(page, BEGUN_BY_HAND).locator('[data-begin]').click()
  await page.waitForSelector(`[data-technique="${BEGUN_BY_HAND}"][data-status="open"]`)
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

  test('names the download of Flash Socket, and loads it on request', async () => {
    const page = await visit()
    const loaded: string[] = []
    page.on('request', (request) => void (/ruffle|swf/.test(request.url()) && loaded.push(request.url())))
    await allOpen(page)
    const shown = card(page, BEGUN_BY_HAND)
    expect(await shown.locator('.news').textContent()).toContain('about 5 MB')
    expect(await shown.getAttribute('data-status')).toBe('idle')
    expect(await page.locator(`[data-price="${BEGUN_BY_HAND}"]`).count()).toBe(0)
    expect(loaded).toEqual([])
    await begin(page)
    expect(loaded.length).toBeGreaterThan(0)
    await publish(page, 'seen by all')
    for (const technique of [...TECHNIQUES, BEGUN_BY_HAND])
      await card(page, technique)
        .filter({ has: page.getByTitle('seen by all') })
        .waitFor()
    await page.locator(`[data-price="${BEGUN_BY_HAND}"] [data-column="bytes"]`).filter({ hasText: /\d/ }).waitFor()
    await page.context().close()
  })

  test.each([...TECHNIQUES, BEGUN_BY_HAND])(
    '%s recovers from a drop, a stall and a rejection with nothing lost or repeated',
    async (technique) => {
      const page = await visit()
      await allOpen(page)
      if (technique === BEGUN_BY_HAND) await begin(page)
      const shown = card(page, technique)
      const press = (fault: string) => shown.locator(`[data-fault="${fault}"]`).click()
      for (const fault of ['drop', 'refuse', 'stall']) {
        await press(fault)
        if (fault === 'refuse')
          await page.waitForSelector(`[data-technique="${technique}"][data-status="reconnecting"]`)
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

  test('measures the costs of every technique, and explains each figure', async () => {
    const page = await visit()
    await allOpen(page)
    await page.waitForFunction((techniques) => {
      const figure = (technique: string, column: string) =>
        Number.parseFloat(
          document.querySelector(`[data-price="${technique}"] [data-column="${column}"]`)?.textContent ?? '',
        )
      return techniques.every((technique) =>
        ['received', 'requests', 'bytes', 'latency'].every((column) => figure(technique, column) > 0),
      )
    }, TECHNIQUES)
    for (const technique of TECHNIQUES)
      await expect(page.locator(`[data-price="${technique}"] .verdict`).textContent()).resolves.toMatch(
        /Advantage: .+\..*Disadvantage: .+\./,
      )
    for (const button of await page.locator('[data-sort]').all()) {
      const id = await button.getAttribute('aria-describedby')
      await expect(page.locator(`#${id}`).textContent()).resolves.toMatch(/^\p{Lu}.+\.$/u)
    }
    expect(page.complaints).toEqual([])
    await page.context().close()
  })

  test.each(['title', 'received', 'requests', 'useless', 'bytes', 'held', 'latency'])(
    'sorts its prices by %s, in both directions, by keyboard',
    async (column) => {
      const page = await visit()
      await allOpen(page)
      // An unknown figure cannot be sorted.
      const known = async () => {
        const rows = page.locator('[data-price]')
        const told = rows.locator(column === 'title' ? 'th' : `[data-column="${column}"]`, {
          hasText: column === 'title' ? /./ : /\d/,
        })
        return (await rows.count()) - (await told.count())
      }
      await expect.poll(known).toBe(0)
      const button = page.locator(`[data-sort="${column}"]`)
      const heading = page.locator('th').filter({ has: button })
      expect(await heading.getAttribute('aria-sort')).toBe('none')
      await button.focus()
      for (const direction of ['ascending', 'descending']) {
        // Reads the order in the same task as its figures.
        const values = await button.evaluate(async (element, name) => {
          if (element instanceof HTMLElement) element.click()
          await new Promise<void>((resolve) => queueMicrotask(resolve))
          return [...document.querySelectorAll('[data-price]')].map((row) =>
            name === 'title'
              ? (row.querySelector('th')?.textContent ?? '')
              : Number.parseFloat(row.querySelector(`[data-column="${name}"]`)?.textContent?.replaceAll(',', '') ?? ''),
          )
        }, column)
        const ascending = values.toSorted((a, b) =>
          typeof a === 'number' ? a - Number(b) : a.localeCompare(String(b)),
        )
        expect(values).toEqual(direction === 'ascending' ? ascending : ascending.toReversed())
        expect(await heading.getAttribute('aria-sort')).toBe(direction)
      }
      await page.keyboard.press('Enter')
      expect(await heading.getAttribute('aria-sort')).toBe('ascending')
      await page.keyboard.press('Space')
      expect(await heading.getAttribute('aria-sort')).toBe('descending')
      await page.context().close()
    },
  )

  test('shows the cost of useless polls with few messages', async () => {
    const page = await visit()
    await allOpen(page)
    await page.getByRole('button', { name: '1 in 10 s' }).click()
    const useless = (technique: string) =>
      page.locator(`[data-price="${technique}"] [data-column="useless"]`).textContent()
    await page.waitForFunction(() => {
      const text = document.querySelector('[data-price="polling"] [data-column="useless"]')?.textContent ?? ''
      return Number.parseFloat(text) >= 3
    })
    expect((await useless('webSocket'))?.trim()).toBe('0 req')
    await page.getByRole('button', { name: '10 a second' }).click()
    await page.context().close()
  })

  test.each([
    { fault: 'refuse', code: 'network-error', says: 'The server does not respond' },
    { fault: 'hang', code: 'connect-timeout', says: 'no response arrived within five seconds' },
    { fault: 'stall', code: 'heartbeat-timeout', says: 'not one byte' },
    { fault: 'forbid', code: 'unauthorized', says: 'The server rejected the user' },
    { fault: 'crowd', code: 'connection-limit', says: 'Four of the six connections' },
  ])('$fault: the card and the page explain the error and the fix', async ({ fault, code, says }) => {
    const page = await visit()
    await allOpen(page)
    const shown = card(page, 'sse')
    await shown.locator(`[data-fault="${fault}"]`).click()
    await page.waitForSelector(`[data-technique="sse"][data-code="${code}"]`)
    const meaning = await shown.locator('.meaning').textContent()
    expect(meaning).toContain(says)
    expect(await shown.locator('.remedy').textContent()).toMatch(/\.$/)
    const banner = page.locator('.trouble[data-kind="some"]').filter({ hasText: 'Server-Sent Events' })
    await banner.filter({ hasText: says }).waitFor()
    await shown.locator('[data-fault="heal"]').click()
    await page.waitForSelector('[data-technique="sse"][data-status="open"]')
    await page.locator('.trouble:not([data-kind])').waitFor()
    expect([await shown.getAttribute('data-lost'), await shown.getAttribute('data-repeated')]).toEqual(['0', '0'])
    // None of the four streams is rejected itself.
    expect(page.complaints.filter((text) => text.includes('/push/crowd-'))).toEqual([])
    await page.context().close()
  })

  test.each(['forbid', 'hang', 'refuse', 'crowd'])(
    'brings every card back at once when %s is healed for all',
    async (fault) => {
      const page = await visit()
      const other = await visit()
      for (const each of [page, other]) await allOpen(each)
      const press = (name: string) => page.locator(`[data-all="${name}"]`).click()
      await page.clock.install()
      await press(fault)
      await page.locator('.trouble[data-kind]').waitFor()
      await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1_000))
      await press('heal')
      // No click on a card, and no countdown ends, because this window's time is stopped.
      await allOpen(page)
      await page.clock.resume()
      await allOpen(other)
      await expect.poll(() => page.locator('.trouble').innerText()).toMatch(/^All \d techniques are connected\.$/)
      await page.context().close()
      await other.context().close()
    },
  )

  test('the banner agrees with the failed cards: they are not retried', async () => {
    const page = await visit()
    await allOpen(page)
    await card(page, 'sse').locator('[data-fault="forbid"]').click()
    const banner = page.locator('.trouble[data-kind="some"]')
    const next = () => banner.locator('.retry span').textContent()
    await expect.poll(next).toBe('Not retried automatically')
    await card(page, 'webSocket').locator('[data-fault="refuse"]').click()
    await expect.poll(next).toMatch(/^(Next attempt in \d+ s|Trying now …); 1 not retried$/)
    await page.context().close()
  })

  test.each([390, 1_440])('if all fail in different ways, the banner lists the errors, at %i px', async (width) => {
    const page = await visit({ viewport: { width, height: 900 } })
    await allOpen(page)
    await page.locator('[data-all="forbid"]').click()
    // A browser does not report the rejection of an EventSource or a WebSocket.
    const banner = page.locator('.trouble[data-kind="all"]')
    await banner.filter({ hasText: 'They fail in different ways: unauthorized, network-error.' }).waitFor()
    await banner.filter({ hasText: /\d+ not retried/ }).waitFor()
    const heightOf = async (name: string) => (await page.getByRole('button', { name }).boundingBox())?.height
    expect(await heightOf('Try now')).toBe(await heightOf('Publish'))
    await page.locator('[data-all="heal"]').click()
    await allOpen(page)
    await page.context().close()
  })

  test.each([390, 1_440])('a long published message causes no horizontal scrolling, at %i px', async (width) => {
    const page = await visit({ viewport: { width, height: 900 } })
    await allOpen(page)
    await publish(page, 'm'.repeat(200))
    await page.getByText('Published: m').waitFor()
    const wide = await page
      .locator('html, .side')
      .evaluateAll((all) => all.filter((each) => each.scrollWidth > each.clientWidth).map(({ tagName }) => tagName))
    expect(wide).toEqual([])
    await page.context().close()
  })

  test.each([390, 1_440])('a long process name wraps no figure of the board, at %i px', async (width) => {
    const page = await visit({ viewport: { width, height: 900 } })
    await allOpen(page)
    const row = { pid: 4_194_304, name: 'a-process-with-a-name-that-is-very-long', cpu: 3_200.5, memory: 123_456 }
    const tick = {
      kind: 'tick',
      n: 0,
      at: Date.now(),
      cpu: 1,
      load: 1,
      memory: 1,
      delay: 1,
      processes: { [row.pid]: row },
    }
    const headers = { 'Content-Type': 'application/json' }
    await fetch(`${address}push/machine`, { method: 'POST', headers, body: JSON.stringify(tick) })
    await page.locator('.board tbody tr', { hasText: row.name }).waitFor()
    // One line high, like the cell of the name, which is cut and not wrapped.
    const lines = () =>
      page.locator('.board td').evaluateAll((all) =>
        all.map((cell) => {
          const range = document.createRange()
          range.selectNodeContents(cell)
          return range.getClientRects().length
        }),
      )
    // Rows of the machine's own processes change meanwhile, and a new one may be empty for a moment.
    await expect.poll(async () => [...new Set(await lines())]).toEqual([1])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
    await page.context().close()
  })

  test('an error moves no figure and covers none, at 390 px and wide', async () => {
    for (const width of [390, 1_440]) {
      const page = await visit({ viewport: { width, height: 900 } })
      await allOpen(page)
      const folded = page.locator('.card [aria-expanded="false"]')
      while ((await folded.count()) > 0) await folded.first().click()
      const boxes = (selector: string) =>
        page.locator(selector).evaluateAll((all) =>
          all.flatMap((each) => {
            const { left, top, right, bottom } = each.getBoundingClientRect()
            return right > left ? [{ left, top: top + scrollY, right, bottom: bottom + scrollY }] : []
          }),
        )
      const figures = () => boxes('.figures, .brief, .gauges, .prices table')
      const before = await figures()
      expect(before.length).toBeGreaterThan(TECHNIQUES.length)
      for (const { fault, until } of [
        { fault: 'refuse', until: '.trouble[data-kind] button' },
        { fault: 'stall', until: '.news:has-text("No message for")' },
        { fault: 'stall', until: '[data-code="heartbeat-timeout"] .meaning' },
        { fault: 'crowd', until: '[data-code="connection-limit"] .meaning' },
      ]) {
        await page.locator(`[data-all="${fault}"]`).click()
        await page.locator(until).first().waitFor()
        const after = await figures()
        expect({ fault, tops: after.map(({ top }) => top) }).toEqual({ fault, tops: before.map(({ top }) => top) })
        const [banner] = await boxes('.trouble')
        if (!banner) throw new Error('there is no banner')
        const covered = after.filter(
          ({ left, top, right, bottom }) =>
            left < banner.right && right > banner.left && top < banner.bottom && bottom > banner.top,
        )
        expect(covered).toEqual([])
        await page.locator('[data-all="heal"]').click()
        await allOpen(page)
      }
      await page.context().close()
    }
  })

  test('a phone shows each technique as one line, with more on demand, also by keyboard', async () => {
    const page = await visit({ viewport: { width: 390, height: 900 } })
    await allOpen(page)
    expect(await page.evaluate(() => document.documentElement.scrollHeight)).toBeLessThan(3_000)
    const shown = card(page, 'sse')
    expect(await shown.innerText()).toMatch(/Server-Sent Events\s+● open\s+\d+ received, 0 lost, 0 repeated/)
    const more = shown.getByRole('button', { name: 'More about Server-Sent Events' })
    const drop = shown.locator('[data-fault="drop"]')
    expect([await more.getAttribute('aria-expanded'), await drop.isVisible()]).toEqual(['false', false])
    await more.focus()
    await page.keyboard.press('Enter')
    const less = shown.getByRole('button', { name: 'Less about Server-Sent Events' })
    expect([await less.getAttribute('aria-expanded'), await drop.isVisible()]).toEqual(['true', true])
    await page.keyboard.press('Tab')
    expect(await page.evaluate(() => document.activeElement?.closest('article')?.dataset['technique'])).toBe('sse')
    await less.click()
    expect(await drop.isVisible()).toBe(false)
    expect(await page.locator('.prices table').isVisible()).toBe(false)
    await page.getByRole('button', { name: 'More about what each costs' }).click()
    await page.locator('[data-price="sse"]').waitFor()
    await page.context().close()
  })

  test.each([390, 1_440])(
    'figures of six digits and latencies of many seconds are never cut, at %i px',
    async (width) => {
      const page = await visit({ viewport: { width, height: 900 } })
      await allOpen(page)
      const folded = page.locator('[aria-expanded="false"]')
      while ((await folded.count()) > 0) await folded.first().click()
      // A message with a high number and an old time: six digits seem lost, with a long latency.
      const tick = {
        kind: 'tick',
        n: 987_654,
        at: Date.now() - 25_000,
        cpu: 100,
        load: 123.45,
        memory: 100,
        delay: 12_345.6,
      }
      const headers = { 'Content-Type': 'application/json' }
      for (const n of [tick.n, 2 * tick.n])
        await fetch(`${address}push/machine`, { method: 'POST', headers, body: JSON.stringify({ ...tick, n }) })
      await page.waitForFunction(
        (techniques) =>
          techniques.every(
            (name) =>
              Number(document.querySelector<HTMLElement>(`[data-technique="${name}"]`)?.dataset['lost']) > 900_000,
          ),
        TECHNIQUES,
      )
      const cut = await page
        .locator('.card dd, .card dt, .gauges dd, .brief p, th, td, .trouble, .status')
        .evaluateAll((all) =>
          all.flatMap((each) =>
            each.scrollWidth > each.clientWidth && getComputedStyle(each).textOverflow !== 'ellipsis'
              ? [each.textContent]
              : [],
          ),
        )
      expect(cut).toEqual([])
      const crowded = await page.locator('.figures').evaluateAll((all) =>
        all.flatMap((each) => {
          const { right } = each.getBoundingClientRect()
          const boxes = [...each.children].map((child) => child.getBoundingClientRect())
          return boxes.filter(
            (box, at) =>
              box.right > right + 1 || boxes.some((next, n) => n > at && next.top === box.top && next.left < box.right),
          )
        }),
      )
      expect(crowded).toEqual([])
      await page.context().close()
    },
  )

  test('reports a technique that the browser does not support, and continues with the others', async () => {
    const page = await visit({}, () => Reflect.deleteProperty(globalThis, 'EventSource'))
    await page.waitForSelector('[data-technique="eventSource"][data-status="failed"][data-code="unsupported"]')
    expect(await card(page, 'eventSource').locator('.meaning').textContent()).toContain('Use another technique')
    for (const technique of TECHNIQUES.filter((name) => name !== 'eventSource'))
      await page.waitForSelector(`[data-technique="${technique}"][data-status="open"]`)
    await page.context().close()
  })

  test('reports once that the hub is down, counts down, and resumes without loss when it is started', async () => {
    const page = await visit()
    await allOpen(page)
    await page.getByRole('button', { name: 'Stop the hub' }).click()
    const banner = page.locator('.trouble[data-kind="hub"]')
    await banner.filter({ hasText: /Next attempt in \d+ s/ }).waitFor()
    expect(await banner.textContent()).toContain('The hub does not respond.')
    expect(await page.locator('.meaning').count()).toBe(0)
    await page.getByRole('button', { name: 'Start the hub' }).click()
    await allOpen(page)
    await page.locator('.trouble:not([data-kind])').waitFor()
    for (const technique of TECHNIQUES) {
      const before = await messages(page, technique)
      await page.waitForFunction(
        ([name, count]) =>
          Number(document.querySelector<HTMLElement>(`[data-technique="${name}"]`)?.dataset['messages']) >
          Number(count),
        [technique, before],
      )
      const shown = card(page, technique)
      expect({
        technique,
        lost: await shown.getAttribute('data-lost'),
        repeated: await shown.getAttribute('data-repeated'),
      }).toEqual({ technique, lost: '0', repeated: '0' })
    }
    await page.context().close()
  })

  test('reports that the hub is down when its server is', async () => {
    const other = await createServer({ ...SERVED, server: { port: 0 } })
    await other.listen()
    const bound = other.httpServer?.address() as AddressInfo
    const page = await visit({}, undefined, `http://127.0.0.1:${bound.port}/`)
    await allOpen(page)
    await other.close()
    await page.locator('.trouble[data-kind="hub"]').waitFor()
    expect(await page.locator('.trouble').textContent()).toContain('The hub does not respond.')
    await page.context().close()
  })

  test('its curl line works', async () => {
    const page = await visit()
    await allOpen(page)
    const line = (await page.locator('pre', { hasText: 'curl' }).textContent()) ?? ''
    const [, data, url] = /^curl -d '(.*)' (\S+)$/.exec(line) ?? []
    if (!url || !data) throw new Error(`no curl line: ${line}`)
    // The same request as curl's.
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    expect((await fetch(url, { method: 'POST', headers, body: data })).ok).toBe(true)
    await card(page, 'sse')
      .filter({ has: page.getByTitle(data) })
      .waitFor()
    await page.context().close()
  })

  test('fills its board from a store: a snapshot, then changes', async () => {
    const page = await visit()
    const board = page.getByRole('region', { name: /This machine/ })
    await board.getByRole('row').nth(2).waitFor()
    const before = await board.textContent()
    await page.waitForFunction((text) => document.querySelector('.board')?.textContent !== text, before)
    expect(page.complaints).toEqual([])
    await page.context().close()
  })

  test.each(['light', 'dark'] as const)(
    'has no serious accessibility violation in %s, at 390 px and wide',
    async (colorScheme) => {
      const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
      for (const width of [390, 1_440]) {
        const page = await visit({ colorScheme, viewport: { width, height: 900 } })
        await allOpen(page)
        // At 390 px before the technique starts, and wide afterwards.
        if (width > 390) await begin(page)
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
    await page.waitForSelector('[data-technique="webSocket"][data-status="reconnecting"]')
    // A button that disappears when it is pressed keeps the focus nearby.
    const focused = (within: string) =>
      page.evaluate((selector) => Boolean(document.activeElement?.closest(selector)), within)
    await card(page, 'webSocket').getByRole('button', { name: 'Now' }).press('Enter')
    await expect.poll(() => focused('[data-technique="webSocket"] h3')).toBe(true)
    await page.locator('.trouble button').focus()
    await fetch(`${address}faults/webSocket/heal`, { method: 'POST' })
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-technique="webSocket"][data-status="open"]')
    await page.locator('.trouble button').waitFor({ state: 'detached' })
    expect(await focused('.trouble')).toBe(true)
    await page.getByRole('button', { name: 'Copy the curl line' }).press('Enter')
    await page.getByRole('button', { name: /^(Copied|Selected) the curl line$/ }).waitFor()
    await page
      .getByRole('status')
      .getByText(/^(Copied|Selected)$/)
      .waitFor()
    expect(page.complaints).toEqual([])
    await page.context().close()
  })
})

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright'
import { Subject, firstValueFrom } from 'rxjs'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Book, Order } from '../../playground/orders/order.ts'
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

const post = async (path: string) => (await fetch(`${address}${path}`, { method: 'POST' })).json()
const book = async (): Promise<Book> => (await (await fetch(`${address}/orders`)).json()).state

/** Closes the market, so that only the test changes orders. */
beforeEach(() => post('/orders/market/closed'))
afterEach(async () => {
  await post('/faults/orders/heal')
  for (const context of browser.contexts()) await context.close()
})

/** Places an order that stays open. */
async function openOrder({ firm = false } = {}): Promise<Order> {
  const order: Order = await post('/orders')
  if (order.firm !== firm) return openOrder({ firm })
  await post(`/orders/${order.id}/accept`)
  return order
}

interface Visited {
  page: Page
  /** Warnings and errors of the page. */
  complaints: string[]
  /** The number of requests for the book. */
  fetched: () => number
}

async function visit(path = '/orders/', options: BrowserContextOptions = {}): Promise<Visited> {
  return enter(await (await browser.newContext(options)).newPage(), path)
}

async function enter(page: Page, path = '/orders/'): Promise<Visited> {
  const complaints: string[] = []
  let fetched = 0
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'warning') complaints.push(message.text())
  })
  page.on('request', (request) => {
    if (request.url() === `${address}/orders`) fetched += 1
  })
  await page.goto(`${address}${path}`, { waitUntil: 'commit' })
  return { page, complaints, fetched: () => fetched }
}

interface Row {
  id: number
  state: string | undefined
  filled: number
}

/** Returns the orders that a page shows. */
const shown = (page: Page): Promise<Row[]> =>
  page.locator('.order').evaluateAll((rows) =>
    (rows as HTMLElement[]).map(({ dataset, children }) => ({
      id: Number(dataset['order']),
      state: dataset['state'],
      filled: Number.parseInt(children[1]?.textContent ?? '', 10),
    })),
  )

/** Returns the desk's orders, as a page would show them. */
const held = async (): Promise<Row[]> =>
  Object.values((await book()).byId)
    .map(({ id, state, filled }) => ({ id, state, filled }))
    .toReversed()

/** Expects a page to show all orders of the desk. */
async function expectInStep(page: Page): Promise<void> {
  const all = await held()
  await expect.poll(() => shown(page)).toEqual(all)
}

const row = (page: Page, { id }: Order) => page.locator(`[data-order="${id}"]`)
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const ask = (page: Page, action: string, { id }: Order) => press(page, `${action} order ${id}`)
const banner = (page: Page) => page.locator('.banner')

/** Returns the numbers of the trades on the tape, oldest first. */
const tape = (page: Page) =>
  page
    .locator('#tape li')
    .evaluateAll((rows) => (rows as HTMLElement[]).map(({ dataset }) => Number(dataset['trade'])).toReversed())
const tradesSoFar = async (page: Page) => Number.parseInt((await page.locator('#book small').textContent()) ?? '', 10)

async function cutTheLine(page: Page): Promise<void> {
  await press(page, 'Cut the line')
  await banner(page)
    .getByText(/^Next try in \d s$/)
    .waitFor()
}

async function mendTheLine(page: Page): Promise<void> {
  await press(page, 'Heal the line')
  await banner(page).getByRole('button').waitFor({ state: 'detached' })
}

describe('the order desk', () => {
  test('shows orders as they arrive and are filled, from one snapshot and the messages after it', async () => {
    const { page, complaints, fetched } = await visit()
    await expectInStep(page)
    await post('/orders/market/open')
    const before = await book()
    await expect
      .poll(async () => {
        const { byId, trades } = await book()
        return Object.keys(byId).join() !== Object.keys(before.byId).join() && trades > before.trades
      })
      .toBe(true)
    await post('/orders/market/closed')
    await expectInStep(page)
    expect([fetched(), complaints]).toEqual([1, []])
  })

  test('shows orders that match the filter, also new ones', async () => {
    const { page } = await visit()
    const mine = await openOrder()
    await row(page, mine).waitFor()
    await page.getByLabel(/^open \d+$/).check()
    await expect.poll(async () => new Set((await shown(page)).map(({ state }) => state))).toEqual(new Set(['open']))
    await page.getByRole('searchbox').fill(`#${mine.id}`)
    await expect.poll(async () => (await shown(page)).map(({ id }) => id)).toEqual([mine.id])
    await post(`/orders/${mine.id}/fill`)
    await page.getByText('No order matches the filter.').waitFor()
  })

  test('a cancel shows at once, and completes when the channel confirms it', async () => {
    const mine = await openOrder()
    const { page } = await visit()
    await ask(page, 'cancel', mine)
    await row(page, mine).getByText('cancelling …').waitFor()
    await row(page, mine).and(page.locator('[data-state="cancelled"]:not([data-asked])')).waitFor()
    await expectInStep(page)
  })

  test('a cancel that the desk rejects is reverted, with the reason', async () => {
    const mine = await openOrder({ firm: true })
    const { page } = await visit()
    await ask(page, 'cancel', mine)
    await row(page, mine).getByText('cancelling …').waitFor()
    await page.locator(`[data-refused="${mine.id}"]`).waitFor()
    expect(await page.locator(`[data-refused="${mine.id}"]`).textContent()).toBe(
      `Could not cancel: order ${mine.id} is firm, and stays until it is filled.`,
    )
    await row(page, mine).and(page.locator('[data-state="open"]:not([data-asked])')).waitFor()
    await page.getByRole('status').getByText(`#${mine.id}: Could not cancel`).waitFor({ state: 'attached' })
  })

  test('a cancel of an order that was filled during a cut is rejected, and the filled order shows', async () => {
    const mine = await openOrder()
    const { page } = await visit()
    await row(page, mine).waitFor()
    await cutTheLine(page)
    await post(`/orders/${mine.id}/fill`)
    await ask(page, 'cancel', mine)
    await page.getByText(`Could not cancel: order ${mine.id} is filled already.`, { exact: true }).waitFor()
    expect(await row(page, mine).getAttribute('data-state')).toBe('open')
    await mendTheLine(page)
    await row(page, mine).and(page.locator('[data-state="filled"]')).waitFor()
  })

  test('a cancel during a cut stays pending, and completes after the reconnect', async () => {
    const mine = await openOrder()
    const { page, fetched } = await visit()
    await row(page, mine).waitFor()
    await cutTheLine(page)
    await ask(page, 'cancel', mine)
    await expect.poll(async () => (await book()).byId[mine.id]?.state).toBe('cancelled')
    expect(await row(page, mine).getAttribute('data-asked')).toBe('cancel')
    await mendTheLine(page)
    await row(page, mine).and(page.locator('[data-state="cancelled"]:not([data-asked])')).waitFor()
    expect(fetched()).toBe(1)
  })

  test('two windows show the same orders', async () => {
    const { page } = await visit()
    const opened = page.context().waitForEvent('page')
    await page.getByRole('link', { name: 'Open a second window' }).click()
    const second = await opened
    await expectInStep(second)
    await press(second, 'Place an order')
    const mine = await openOrder()
    for (const each of [page, second]) await row(each, mine).waitFor()
    await ask(second, 'cancel', mine)
    for (const each of [page, second]) await row(each, mine).and(each.locator('[data-state="cancelled"]')).waitFor()
    for (const each of [page, second]) await expectInStep(each)
  })

  test('a cut line shows a banner with a countdown; after the reconnect no order is missing', async () => {
    const { page, complaints, fetched } = await visit()
    await expectInStep(page)
    expect(await banner(page).textContent()).toBe('Connected to the desk.')
    await cutTheLine(page)
    expect(await banner(page).getByRole('status').textContent()).toContain('The line to the desk is down.')
    const before = await shown(page)
    const { trades } = await book()
    await post('/orders/market/open')
    await expect.poll(async () => (await book()).trades).toBeGreaterThan(trades + 2)
    await post('/orders/market/closed')
    expect(await shown(page)).toEqual(before)
    await mendTheLine(page)
    await expectInStep(page)
    expect(await banner(page).textContent()).toBe('Connected to the desk.')
    expect([fetched(), complaints]).toEqual([1, []])
  })

  test('“Try now” does not wait for the countdown', async () => {
    const { page } = await visit()
    await cutTheLine(page)
    const tried = page.waitForEvent('websocket').then((socket) => socket.url())
    // Reads and clicks in one turn of the page, so that the countdown does not end in between.
    await page.evaluate(async () => {
      const left = () => Number(/Next try in (\d+) s/.exec(document.querySelector('.banner')?.textContent ?? '')?.[1])
      while (!(left() > 2)) await new Promise(requestAnimationFrame)
      const buttons = [...document.querySelectorAll<HTMLElement>('.banner button')]
      buttons.find(({ textContent }) => textContent === 'Try now')?.click()
    })
    const counted = banner(page)
      .getByText(/^Next try in 1 s$/)
      .waitFor()
      .then(() => 'counted down')
    expect(await Promise.race([tried, counted])).toContain('/push/orders')
    counted.catch(() => {})
  })

  test('a silent line is detected, and recovers in the same way', async () => {
    const { page } = await visit()
    await expectInStep(page)
    await press(page, 'Stall the line')
    await openOrder()
    await banner(page).getByRole('button', { name: 'Try now' }).waitFor()
    await mendTheLine(page)
    await expectInStep(page)
  })

  test('the tape, without Vue, prints the trades that the store counts, also over a cut', async () => {
    const { page } = await visit()
    await expectInStep(page)
    const { trades } = await book()
    const fill = async () => post(`/orders/${(await openOrder()).id}/fill`)
    await fill()
    await expect.poll(() => tape(page)).toEqual([trades + 1])
    await cutTheLine(page)
    await fill()
    await fill()
    expect(await tape(page)).toEqual([trades + 1])
    await mendTheLine(page)
    await expect.poll(() => tape(page)).toEqual([trades + 1, trades + 2, trades + 3])
    expect([await tradesSoFar(page), (await book()).trades]).toEqual([trades + 3, trades + 3])
    await expect.poll(() => page.locator('#tape output').textContent()).toBe('3')
  })

  test('a paused window changes nothing, and catches up after the pause', async () => {
    const { page } = await visit()
    await expectInStep(page)
    const before = await shown(page)
    await press(page, 'Pause')
    const { id } = await openOrder()
    await post(`/orders/${id}/fill`)
    await page.locator('#tape li').first().waitFor()
    expect(await shown(page)).toEqual(before)
    await press(page, 'Pause')
    await expectInStep(page)
  })

  test('only the desk publishes orders', async () => {
    const answer = await fetch(`${address}/push/orders`, { method: 'POST', body: '{"kind":"cleared","id":1}' })
    expect([answer.status, await answer.text()]).toEqual([
      403,
      expect.stringContaining('only the desk publishes orders'),
    ])
    const { page } = await visit()
    await expectInStep(page)
    const code = await page.evaluate(
      (url) =>
        new Promise((resolve) => {
          const socket = new WebSocket(url, 'ws+meta.nchan')
          socket.addEventListener('open', () => socket.send('{"kind":"cleared","id":1}'))
          socket.addEventListener('close', ({ code }) => resolve(code))
        }),
      `${address.replace('http', 'ws')}/push/orders`,
    )
    expect(code).toBe(1008)
    await expectInStep(page)
  })
})

describe('rendered by the server', () => {
  test('the orders show without a script', async () => {
    const mine = await openOrder()
    const { page } = await visit('/orders/ssr', { javaScriptEnabled: false })
    await row(page, mine).waitFor()
    const rows = await page.locator('.order').evaluateAll((all) => all.map((each) => each.getAttribute('data-order')))
    expect(rows).toEqual((await held()).map(({ id }) => String(id)))
  })

  test('the page resumes from the server’s state: earlier messages arrive, and no snapshot is fetched', async () => {
    const early = await openOrder()
    const page = await (await browser.newContext()).newPage()
    // The page's script waits, as on a slow network, until the desk has changed.
    const script = new Subject<void>()
    await page.route('**/orders/main.ts*', async (route) => {
      await firstValueFrom(script)
      await route.continue()
    })
    const { complaints, fetched } = await enter(page, '/orders/ssr')
    await row(page, early).and(page.locator('[data-state="open"]')).waitFor()
    await post(`/orders/${early.id}/fill`)
    const late = await openOrder()
    expect(await row(page, late).count()).toBe(0)
    script.next()
    await expectInStep(page)
    await ask(page, 'cancel', late)
    await row(page, late).and(page.locator('[data-state="cancelled"]')).waitFor()
    await expectInStep(page)
    expect([fetched(), complaints]).toEqual([0, []])
  })
})

describe('on every width', () => {
  test.for([390, 1_440])('orders with six digits overlap nothing, at %i px', async (width) => {
    await openOrder()
    const page = await (await browser.newContext({ viewport: { width, height: 900 } })).newPage()
    // Simulates a desk that has been open for long, by its numbers only.
    await page.route('**/orders', async (route) => {
      const answer = await route.fetch()
      const { cursor, state } = (await answer.json()) as { cursor: string; state: Book }
      const late = Object.values(state.byId).map((order) => ({
        ...order,
        id: order.id + 100_000,
        quantity: 100_000,
        filled: 99_999,
        price: 10_000.25,
      }))
      const byId = Object.fromEntries(late.map((order) => [order.id, order]))
      await route.fulfill({ json: { cursor, state: { ...state, byId, trades: 123_456 } } })
    })
    await enter(page)
    await page
      .locator('.order .id', { hasText: /^#\d{6}$/ })
      .first()
      .waitFor()
    const crowded = await page.locator('.order').evaluateAll((rows) =>
      rows.flatMap((row) => {
        const words = [...row.querySelectorAll('span:not([aria-hidden]), button')]
          .filter((each) => each.childElementCount === 0)
          .map((each) => {
            const range = document.createRange()
            range.selectNodeContents(each)
            const { left, right, top, bottom } = range.getBoundingClientRect()
            return { text: each.textContent, left, right, top, bottom }
          })
        return words.flatMap((one) =>
          words
            .filter((other) => one !== other && other.left >= one.left)
            .filter(({ left, top, bottom }) => left < one.right + 2 && top < one.bottom && bottom > one.top)
            .map((other) => `${one.text} | ${other.text}`),
        )
      }),
    )
    expect(crowded).toEqual([])
    const cut = await page
      .locator('td, th')
      .evaluateAll((all) => all.flatMap((each) => (each.scrollWidth > each.clientWidth ? [each.textContent] : [])))
    expect(cut).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  })

  test.for([390, 1_440])('a cut line moves no order and covers none, at %i px', async (width) => {
    const { page } = await visit('/orders/', { viewport: { width, height: 900 } })
    await expectInStep(page)
    const top = async () => (await page.locator('table').boundingBox())?.y
    const before = await top()
    await cutTheLine(page)
    expect(await top()).toBe(before)
    const [line, table] = await Promise.all([banner(page).boundingBox(), page.locator('table').boundingBox()])
    expect((line?.y ?? NaN) + (line?.height ?? NaN)).toBeLessThanOrEqual(table?.y ?? NaN)
    await mendTheLine(page)
  })
})

test.each(['light', 'dark'] as const)(
  'has no accessibility violation in %s, at 390 px and wide',
  async (colorScheme) => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    const faults = (page: Page) =>
      page.evaluate(async () => {
        const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run()
        return violations.map(({ id, nodes }) => ({ id, where: nodes.map(({ html }) => html.slice(0, 120)) }))
      })
    const firm = await openOrder({ firm: true })
    for (const width of [390, 1_440]) {
      const { page } = await visit('/orders/', {
        colorScheme,
        reducedMotion: 'reduce',
        viewport: { width, height: 900 },
      })
      await expectInStep(page)
      await page.evaluate(axe)
      expect(await faults(page)).toEqual([])
      await ask(page, 'cancel', firm)
      await page.locator(`[data-refused="${firm.id}"]`).waitFor()
      await cutTheLine(page)
      expect(await faults(page)).toEqual([])
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
      await mendTheLine(page)
    }
  },
)

test('works by keyboard alone, and keeps the focus', async () => {
  await post('/orders')
  const mine = await openOrder()
  const { page, complaints } = await visit()
  await page.getByRole('button', { name: `cancel order ${mine.id}` }).focus()
  await page.keyboard.press('Enter')
  await row(page, mine).and(page.locator('[data-state="cancelled"]')).waitFor()
  expect(await page.evaluate(() => document.activeElement?.closest('tr')?.dataset['order'])).toBe(String(mine.id))
  await cutTheLine(page)
  await banner(page).getByRole('button', { name: 'Try now' }).focus()
  await post('/faults/orders/heal')
  await page.keyboard.press('Enter')
  await banner(page).getByRole('button').waitFor({ state: 'detached' })
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('banner')
  await page.getByLabel(/^all \d+$/).focus()
  await page.keyboard.press('ArrowRight')
  await expect.poll(async () => new Set((await shown(page)).map(({ state }) => state))).toEqual(new Set(['new']))
  expect(complaints).toEqual([])
})

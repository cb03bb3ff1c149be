import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser } from 'playwright'
import { createHub, type Hub } from 'pinia-push/hub'
import { renderToString } from 'vue/server-renderer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { CHROMIUM } from './chromium.ts'
import { createShop } from './hydration/shop.ts'
import { launch } from './launch.ts'

let hub: Hub
let server: Server
let browser: Browser
let base: string

/** One shop per test, with its orders, and actions between rendering and hydration. */
interface Shop {
  orders: number[]
  fetched: number
  cursor: boolean
  meanwhile: () => void
}
const shops = new Map<string, Shop>()

const state = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c')

beforeAll(async () => {
  const files = await bundle(new URL('hydration/', import.meta.url))
  hub = createHub({ history: { count: 5 } })
  server = createServer(async (request, response) => {
    if (hub.handle(request, response)) return
    const { pathname, searchParams } = new URL(request.url ?? '', base)
    if (pathname.endsWith('.js')) {
      response.setHeader('Content-Type', 'text/javascript')
      return response.end(files.get(pathname))
    }
    const channel = searchParams.get('channel') ?? pathname.slice('/orders/'.length)
    const shop = shops.get(channel)
    if (!shop) return response.writeHead(404).end()
    if (pathname.startsWith('/orders/')) {
      shop.fetched += 1
      response.setHeader('Content-Type', 'application/json')
      // Reads the cursor before the state.
      const cursor = shop.cursor ? hub.cursor(channel) : undefined
      return response.end(JSON.stringify({ cursor, state: { list: shop.orders } }))
    }
    const { app, pinia } = createShop(searchParams.get('technique') ?? '', base, channel)
    const html = await renderToString(app)
    response.setHeader('Content-Type', 'text/html')
    response.end(
      String(files.get('/index.html'))
        .replace('<!--app-->', () => html)
        .replace('<!--state-->', () => state(pinia.state.value)),
    )
    shop.meanwhile()
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  browser = await launch(chromium, CHROMIUM)
})
afterAll(async () => {
  await browser.close()
  await hub.close()
  server.close()
})

/** Opens the page of a shop with orders 1 and 2, while `between` more are placed before it hydrates. */
async function open(technique: string, { between = 2, cursor = true } = {}) {
  const channel = `shop-${shops.size}`
  const shop: Shop = { orders: [], fetched: 0, cursor, meanwhile: () => place(between) }
  shops.set(channel, shop)
  const place = (count: number) => {
    for (let n = 0; n < count; n++) {
      const order = shop.orders.length + 1
      shop.orders.push(order)
      hub.publish(channel, String(order))
    }
  }
  place(2)
  const page = await browser.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  const answer = await page.goto(`${base}?${new URLSearchParams({ technique, channel })}`)
  return {
    shop,
    place,
    complaints,
    html: (await answer?.text()) ?? '',
    shows: async () => {
      const all = shop.orders.join()
      await page.locator('#orders', { hasText: new RegExp(`^${all}$`) }).waitFor()
    },
    close: () => page.close(),
  }
}

describe.each(['polling', 'longPolling', 'fetchStream', 'sse', 'webSocket'])('%s', (technique) => {
  test('a page resumes from the server’s state and cursor: every message once, and no second fetch', async () => {
    const { shop, place, html, shows, complaints, close } = await open(technique)
    expect(html).toContain('<p id="orders">1,2</p>')
    await shows()
    place(2)
    await shows()
    expect([shop.orders, shop.fetched, complaints]).toEqual([[1, 2, 3, 4, 5, 6], 1, []])
    await close()
  })
})

test('a page whose cursor has expired at the hub fetches once more, and misses nothing', async () => {
  const { shop, shows, place, close } = await open('webSocket', { between: 20 })
  await shows()
  place(1)
  await shows()
  expect(shop.fetched).toBe(2)
  await close()
})

test('a page of a server without cursors fetches once more, and misses nothing', async () => {
  const { shop, html, shows, place, close } = await open('sse', { cursor: false })
  expect(html).not.toContain('$push')
  await shows()
  place(1)
  await shows()
  expect(shop.fetched).toBe(2)
  await close()
})

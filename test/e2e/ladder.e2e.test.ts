import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { chromium, type Browser, type Page } from 'playwright'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createNetworkProxy, type NetworkProxy } from '../servers/network-proxy.ts'
import { KINDS, type Kind, type Rule } from '../servers/network/rules.ts'
import { bundle } from './bundle.ts'
import { CHROMIUM } from './chromium.ts'
import type { Asked, Read, Name } from './ladder/asked.ts'
import { launch } from './launch.ts'

const LADDER: readonly Name[] = ['webSocket', 'sse', 'longPolling']
const ORDER: readonly Name[] = ['webSocket', 'fetchStream', 'sse', 'longPolling', 'polling']

let files: Map<string, string | Uint8Array>
let browser: Browser

beforeAll(async () => {
  files = await bundle(new URL('ladder', import.meta.url))
  browser = await launch(chromium, {
    ...CHROMIUM,
    args: [...CHROMIUM.args, '--host-resolver-rules=MAP push.test 127.0.0.1'],
  })
})
afterAll(() => browser.close())

let hub: Hub
let server: Server
let network: NetworkProxy

async function serve(options: HubOptions = {}) {
  hub = createHub({ allowedHosts: ['push.test'], history: { count: 200_000, bytes: 2 ** 26 }, ...options })
  server = createServer((request, response) => {
    if (hub.handle(request, response)) return
    const { pathname } = new URL(request.url ?? '', 'http://push.test')
    response.setHeader('Content-Type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end(files.get(pathname) ?? '')
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  network = await createNetworkProxy({ port })
}
async function close() {
  await network.close()
  void hub.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

beforeEach(() => serve())
afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await close()
})

/** Publishes 1, 2, 3 ... until it is stopped. */
function publishing(channel: string, every = 50) {
  let last = 0
  const timer = setInterval(() => hub.publish(channel, String((last += 1))), every)
  const stop = () => {
    clearInterval(timer)
    return last
  }
  onTestFinished(() => void stop())
  return { stop }
}

async function visit(host = '127.0.0.1') {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`http://${host}:${network.port}/index.html`)
  return page
}

/** Opens a page that reads a channel. */
async function reading(asked: Partial<Asked> = {}, page?: Page) {
  const tab = page ?? (await visit())
  const all: Asked = { channel: 'a', techniques: LADDER, ...asked }
  await tab.evaluate((asked) => (globalThis as unknown as { read(asked: Asked): void }).read(asked), all)
  const seen = () => tab.evaluate(() => (globalThis as unknown as { seen: Read }).seen)
  const said = async (word: string, since = 0) =>
    (await seen()).events.find(({ at, said }) => said === word && at >= since)?.at
  return {
    page: tab,
    seen,
    explain: () => tab.evaluate(() => (globalThis as unknown as { explain(): string }).explain()),
    /** When the event occurred first. */
    async says(word: string, { since = 0 } = {}): Promise<number> {
      await expect.poll(() => said(word, since), { message: `says ${word}` }).toBeDefined()
      return (await said(word, since)) ?? Number.NaN
    },
    /** When the first message after a moment arrived. */
    async gets(since: number): Promise<number> {
      const first = async () => (await seen()).at.find((at) => at >= since)
      await expect.poll(first, { message: 'gets a message' }).toBeDefined()
      return (await first()) ?? Number.NaN
    },
    /** Returns lost, repeated and reordered messages up to `last`, from the first received one on. */
    async tally(last: number) {
      const count = async () => (await seen()).numbers.at(-1)
      await expect.poll(count, { message: `gets ${last}` }).toBe(last)
      const { numbers, events } = await seen()
      const [first = 0] = numbers
      const different = new Set(numbers).size
      return {
        lost: last - first + 1 - different,
        repeated: numbers.length - different,
        reordered: numbers.filter((n, at) => at > 0 && n < (numbers[at - 1] ?? 0)).length,
        gaps: events.filter(({ said }) => said.startsWith('gap')).length,
      }
    },
  }
}

/** No upgrade is tried while a test runs. */
const NO_UPGRADE = { upgradeProbe: { first: 3_600_000, max: 3_600_000 } }
const NOTHING = { lost: 0, repeated: 0, reordered: 0, gaps: 0 }
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`
const tell = (what: string, figures: Record<string, string | number>) =>
  console.log(
    `ladder  ${what}  ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join('  ')}`,
  )

describe('falls back', () => {
  test('from a WebSocket that gets no response, to Server-Sent Events', async () => {
    network.rule('upgrade', 'hang')
    const news = publishing('a')
    const reader = await reading()
    const first = await reader.gets(0)
    const took = first - (await reader.seen()).began
    tell('WebSocket hangs', { 'first message after': seconds(took) })
    expect((await reader.seen()).events.map(({ said }) => said)).toEqual(['connecting', 'open sse'])
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('from a WebSocket that is rejected, and the next connection skips it', async () => {
    network.rule('upgrade', 'refuse')
    const news = publishing('a')
    const reader = await reading({ ladder: NO_UPGRADE })
    const open = await reader.says('open sse')
    const refused = network.stats.upgrade.requests
    network.cut('stream')
    const again = await reader.says('open sse', { since: open + 1 })
    tell('WebSocket refused', {
      tries: refused,
      'fell after': seconds(open - (await reader.seen()).began),
      again: seconds(again - open),
    })
    expect(network.stats.upgrade.requests).toBe(refused)
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('from a WebSocket that opens and closes, after its third session', async () => {
    network.rule('upgrade', 'flap', { life: 50 })
    const news = publishing('a')
    const reader = await reading({ ladder: NO_UPGRADE })
    const open = await reader.says('open sse')
    const lives = network.stats.upgrade.requests
    tell('WebSocket flaps', { lives, 'fell after': seconds(open - (await reader.seen()).began) })
    expect(lives).toBe(3)
    await reader.gets(open + 500)
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })
})

describe('silence', () => {
  test('a silent connection is detected, and falls back to Server-Sent Events', async () => {
    const heartbeat = 1_000
    await close()
    await serve({ heartbeat })
    const news = publishing('a')
    const reader = await reading({ ladder: NO_UPGRADE, limits: { heartbeatGrace: heartbeat } })
    const since = await reader.gets(await reader.says('open webSocket'))
    network.rule('upgrade', 'black-hole')
    const noticed = await reader.says('reconnecting heartbeat-timeout', { since })
    const next = await reader.gets(noticed)
    tell('black hole', { 'noticed after': seconds(noticed - since), 'next message after': seconds(next - since) })
    expect((await reader.seen()).events.at(-1)?.said).toBe('open sse')
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('a silent connection reconnects as soon as the page is online', async () => {
    const news = publishing('a')
    // Nothing else would detect it during this test.
    const limits = { heartbeatGrace: 3_600_000, idleReconnectAfter: 3_600_000 }
    const reader = await reading({ life: true, limits }, await visit('push.test'))
    await reader.gets(await reader.says('open webSocket'))
    const cdp = await reader.page.context().newCDPSession(reader.page)
    const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await cdp.send('Network.enable')
    network.rule('all', 'black-hole')
    await cdp.send('Network.emulateNetworkConditions', { offline: true, ...conditions })
    // The open connection stays dead, as after a change of network.
    network.rule('all', 'pass', { standing: false })
    const since = Date.now()
    await cdp.send('Network.emulateNetworkConditions', { offline: false, ...conditions })
    const online = await reader.says('online', { since })
    const next = await reader.gets(online)
    tell('online again', { 'next message after': seconds(next - online) })
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test.for(['fetchStream', 'sse', 'xhrStream'] as const)(
    '%s that a proxy buffers falls back to polls',
    async (technique, { expect }) => {
      network.rule('stream', 'buffer')
      const news = publishing('a')
      const reader = await reading({ techniques: [technique, 'longPolling'] })
      const first = await reader.gets(0)
      const took = first - (await reader.seen()).began
      tell(`${technique} is buffered`, { 'first message after': seconds(took) })
      expect((await reader.seen()).events.map(({ said }) => said)).toEqual(['connecting', 'open longPolling'])
      expect(await reader.tally(news.stop())).toEqual(NOTHING)
    },
  )
})

describe('upgrades', () => {
  test('to the preferred technique when it works again', async () => {
    network.rule('upgrade', 'refuse')
    const news = publishing('a')
    const reader = await reading({ ladder: { upgradeProbe: { first: 500, max: 500 } } })
    const fell = await reader.says('open sse')
    network.rule('upgrade', 'pass')
    const upgraded = await reader.says('open webSocket', { since: fell })
    tell('upgrades', { after: seconds(upgraded - fell) })
    await reader.gets(upgraded + 500)
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('not to a technique that opens and sends nothing, although the channel is quiet', async () => {
    network.rule('upgrade', 'refuse')
    const reader = await reading({ ladder: { upgradeProbe: { first: 500, max: 500 }, overlapTime: 100 } })
    await reader.says('open sse')
    const tried = network.stats.upgrade.requests
    network.rule('upgrade', 'black-hole')
    await expect.poll(() => network.stats.upgrade.requests).toBeGreaterThan(tried)
    // Long enough to prove that it does not change: to a working technique it would have changed long ago.
    await after(1_500)
    const published = Date.now()
    hub.publish('a', '1')
    const got = await reader.gets(published)
    tell('a silent technique above a quiet channel', { 'message after': seconds(got - published) })
    expect((await reader.seen()).events.at(-1)?.said).toBe('open sse')
  })
})

/** The faults of an honest network: it never invents a message. */
const FAULTS = {
  upgrade: ['refuse', 'reset', 'hang', 'flap', 'black-hole', 'buffer'],
  stream: ['reset', 'hang', 'flap', 'black-hole', 'buffer'],
  poll: ['reset', 'hang', 'flap', 'black-hole', 'empty'],
} satisfies Record<Kind, readonly Rule[]>

const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)]

test('a hundred thousand messages over a network with constant faults arrive once and in order', async () => {
  const TOTAL = 100_000
  const BATCH = 80
  // Short limits, so that many fallbacks and upgrades occur.
  const heartbeatInterval = 500
  await close()
  await serve({ heartbeat: heartbeatInterval })
  const reader = await reading({
    techniques: ORDER,
    ladder: { connectTimeout: 500, minUptime: 300, upgradeProbe: { first: 300, max: 1_000 }, overlapTime: 50 },
    retry: { initialDelay: 50, maxDelay: 200 },
    limits: { connectTimeout: 1_000, heartbeatInterval, heartbeatGrace: 500 },
  })
  await reader.says('open webSocket')
  let published = 0
  const publisher = setInterval(() => {
    for (let n = 0; n < BATCH && published < TOTAL; n += 1) hub.publish('a', String((published += 1)))
  }, 20)
  onTestFinished(() => clearInterval(publisher))

  let faults = 0
  const began = Date.now()
  while (published < TOTAL) {
    // One or two kinds are broken at a time, so that a working technique is left.
    network.rule('all', 'pass')
    for (const kind of [pick(KINDS), pick(KINDS)]) {
      if (kind) network.rule(kind, pick<Rule>(FAULTS[kind]) ?? 'pass', { life: 20 + Math.random() * 500 })
    }
    faults += 1
    await after(100 + Math.random() * 900)
  }
  const took = Date.now() - began
  network.rule('all', 'pass')
  const tally = await reader.tally(TOTAL)
  const opens = (await reader.seen()).events.flatMap(({ said }) =>
    said.startsWith('open') ? [said.split(' ')[1]] : [],
  )
  const indexes = opens.map((name) => ORDER.indexOf(name as Name))
  const moves = (is: (step: number) => boolean) =>
    indexes.filter((index, at) => at > 0 && is(index - (indexes[at - 1] ?? 0))).length
  const { upgrade, stream, poll } = network.stats
  tell('a network with constant faults', {
    messages: TOTAL,
    'a second': Math.round((TOTAL * 1_000) / took),
    faults,
    cuts: upgrade.cut + stream.cut + poll.cut,
    fallbacks: moves((step) => step > 0),
    upgrades: moves((step) => step < 0),
    'techniques used': new Set(indexes).size,
    ...tally,
  })
  expect([(await reader.seen()).numbers[0], tally]).toEqual([1, NOTHING])
  expect(new Set(indexes).size).toBeGreaterThan(1)
})

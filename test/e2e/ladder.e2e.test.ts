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
import type { Asked, Read, Rung } from './ladder/asked.ts'

const LADDER: readonly Rung[] = ['webSocket', 'sse', 'longPolling']
const ORDER: readonly Rung[] = ['webSocket', 'fetchStream', 'sse', 'longPolling', 'polling']

let files: Map<string, string | Uint8Array>
let browser: Browser

beforeAll(async () => {
  files = await bundle(new URL('ladder', import.meta.url))
  browser = await chromium.launch({
    ...CHROMIUM,
    args: [...CHROMIUM.args, '--host-resolver-rules=MAP push.test 127.0.0.1'],
  })
})
afterAll(() => browser.close())

let hub: Hub
let server: Server
let network: NetworkProxy
let requests: { kind: Kind; url: string; at: number }[]

async function serve(options: HubOptions = {}) {
  hub = createHub({ hosts: ['push.test'], history: { count: 200_000, bytes: 2 ** 26 }, ...options })
  server = createServer((request, response) => {
    if (hub.handle(request, response)) return
    const { pathname } = new URL(request.url ?? '', 'http://push.test')
    response.setHeader('Content-Type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end(files.get(pathname) ?? '')
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  requests = []
  const { port } = server.address() as AddressInfo
  network = await createNetworkProxy({ port, seen: (request) => requests.push(request) })
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

/** Publishes 1, 2, 3 ... until it is told to stop. */
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
  const all: Asked = { channel: 'a', rungs: LADDER, ...asked }
  await tab.evaluate((asked) => (globalThis as unknown as { read(asked: Asked): void }).read(asked), all)
  const seen = () => tab.evaluate(() => (globalThis as unknown as { seen: Read }).seen)
  const said = async (word: string, since = 0) =>
    (await seen()).events.find(({ at, said }) => said === word && at >= since)?.at
  return {
    page: tab,
    seen,
    explain: () => tab.evaluate(() => (globalThis as unknown as { explain(): string }).explain()),
    /** When it said so first. */
    async says(word: string, { since = 0, timeout = 30_000 } = {}): Promise<number> {
      await expect.poll(() => said(word, since), { timeout, message: `says ${word}` }).toBeDefined()
      return (await said(word, since)) ?? Number.NaN
    },
    /** When the first message after a moment came. */
    async gets(since: number, timeout = 30_000): Promise<number> {
      const first = async () => (await seen()).at.find((at) => at >= since)
      await expect.poll(first, { timeout, message: 'gets a message' }).toBeDefined()
      return (await first()) ?? Number.NaN
    },
    /** What was lost, repeated and reordered of 1 to `last`, from the first that came on. */
    async tally(last: number, timeout = 30_000) {
      const count = async () => (await seen()).numbers.at(-1)
      await expect.poll(count, { timeout, message: `gets ${last}` }).toBe(last)
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

const NOTHING = { lost: 0, repeated: 0, reordered: 0, gaps: 0 }
const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`
const tell = (what: string, figures: Record<string, string | number>) =>
  console.log(
    `ladder  ${what}  ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join('  ')}`,
  )

describe('falls', () => {
  test('a WebSocket that is never answered costs less than five seconds', async () => {
    network.rule('upgrade', 'hang')
    const news = publishing('a')
    const reader = await reading()
    const first = await reader.gets(0)
    const took = first - (await reader.seen()).began
    tell('WebSocket hangs', { 'first message after': seconds(took) })
    expect(took).toBeLessThan(5_000)
    expect((await reader.seen()).events.map(({ said }) => said)).toContain('open sse')
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('a WebSocket that is refused is not asked by the next connection', async () => {
    network.rule('upgrade', 'refuse')
    const news = publishing('a')
    const reader = await reading()
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

  test('a WebSocket that opens and dies is left after its third life', async () => {
    network.rule('upgrade', 'flap', { life: 50 })
    const news = publishing('a')
    const reader = await reading()
    const open = await reader.says('open sse')
    const lives = network.stats.upgrade.requests
    tell('WebSocket flaps', { lives, 'fell after': seconds(open - (await reader.seen()).began) })
    expect(lives).toBe(3)
    await reader.gets(open + 500)
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })
})

describe('silence', () => {
  test('a link that goes silent is noticed within twenty seconds', async () => {
    const news = publishing('a', 1_000)
    const reader = await reading()
    const last = await reader.gets(await reader.says('open webSocket'))
    // Between two messages: the bound counts from the fault, the page from the last byte.
    await expect.poll(() => Date.now() - last).toBeGreaterThan(400)
    const since = Date.now()
    network.rule('upgrade', 'black-hole')
    const noticed = await reader.says('waiting silent', { since })
    const next = await reader.gets(noticed)
    tell('black hole', { 'noticed after': seconds(noticed - since), 'next message after': seconds(next - since) })
    expect(noticed - since).toBeLessThanOrEqual(20_000)
    expect((await reader.seen()).events.at(-1)?.said).toBe('open sse')
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('a link that went silent is made anew within two seconds after the page is online', async () => {
    const news = publishing('a')
    const reader = await reading({ life: true }, await visit('push.test'))
    await reader.gets(await reader.says('open webSocket'))
    const cdp = await reader.page.context().newCDPSession(reader.page)
    const conditions = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 }
    await cdp.send('Network.enable')
    network.rule('all', 'black-hole')
    await cdp.send('Network.emulateNetworkConditions', { offline: true, ...conditions })
    // What stood stays dead, as after a change of network.
    network.rule('all', 'pass', { standing: false })
    const since = Date.now()
    await cdp.send('Network.emulateNetworkConditions', { offline: false, ...conditions })
    const online = await reader.says('online', { since })
    const next = await reader.gets(online)
    tell('online again', { 'next message after': seconds(next - online) })
    expect(next - online).toBeLessThan(2_000)
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test.for(['fetchStream', 'sse', 'xhrStream'] as const)(
    '%s that is held back by a proxy is left within ten seconds',
    async (rung, { expect }) => {
      network.rule('stream', 'buffer')
      const news = publishing('a')
      const reader = await reading({ rungs: [rung, 'longPolling'] })
      const first = await reader.gets(0)
      const took = first - (await reader.seen()).began
      tell(`${rung} is buffered`, { 'first message after': seconds(took) })
      expect(took).toBeLessThan(10_000)
      expect(await reader.tally(news.stop())).toEqual(NOTHING)
    },
  )
})

describe('polls that bring nothing', () => {
  const POLLS = (['polling', 'longPolling'] as const).flatMap((rung) =>
    (['nchan', 'plain'] as const).flatMap((dialect) =>
      (['empty', 'same'] as const).map((rule) => ({ rung, dialect, rule })),
    ),
  )
  test.for(POLLS)(
    '$rung in $dialect, answered $rule: six in three seconds',
    async ({ rung, dialect, rule }, { expect }) => {
      network.rule('poll', rule)
      await reading({ rungs: [rung], dialect })
      await expect.poll(() => requests.length).toBeGreaterThan(0)
      const [first] = requests
      const began = first?.at ?? Number.NaN
      await expect.poll(() => Date.now() - began, { timeout: 5_000 }).toBeGreaterThan(3_000)
      const count = requests.filter(({ at }) => at < began + 3_000).length
      tell(`${rung} in ${dialect}, answered ${rule}`, { 'requests in 3 s': count })
      expect(count).toBeLessThanOrEqual(6)
    },
  )
})

describe('climbs', () => {
  test('back to the rung that works again, within its spacing', async () => {
    network.rule('upgrade', 'refuse')
    const news = publishing('a')
    const reader = await reading()
    const fell = await reader.says('open sse')
    network.rule('upgrade', 'pass')
    const climbed = await reader.says('open webSocket', { since: fell })
    tell('climbs back', { after: seconds(climbed - fell) })
    // The first spacing, a second beside each other, and one for the machine.
    expect(climbed - fell).toBeLessThanOrEqual(12_000)
    await reader.gets(climbed + 500)
    expect(await reader.tally(news.stop())).toEqual(NOTHING)
  })

  test('not to a rung that opens and says nothing, though the channel is quiet', async () => {
    network.rule('upgrade', 'refuse')
    const reader = await reading({ ladder: { probe: { first: 500, max: 500 } } })
    await reader.says('open sse')
    const tried = network.stats.upgrade.requests
    network.rule('upgrade', 'black-hole')
    await expect.poll(() => network.stats.upgrade.requests, { timeout: 10_000 }).toBeGreaterThan(tried)
    // As long as a rung that speaks would be given.
    const since = Date.now()
    await expect.poll(() => Date.now() - since, { timeout: 10_000 }).toBeGreaterThan(2_000)
    const published = Date.now()
    hub.publish('a', '1')
    const got = await reader.gets(published)
    tell('a silent rung above a quiet channel', { 'message after': seconds(got - published) })
    expect((await reader.seen()).events.at(-1)?.said).toBe('open sse')
  })
})

/** What a network may do without lying: it says no message that the server did not. */
const FAULTS = {
  upgrade: ['refuse', 'reset', 'hang', 'flap', 'black-hole', 'buffer'],
  stream: ['reset', 'hang', 'flap', 'black-hole', 'buffer'],
  poll: ['reset', 'hang', 'flap', 'black-hole', 'empty'],
} satisfies Record<Kind, readonly Rule[]>

const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)]

test(
  'a hundred thousand messages over a network that is never well: each once, in order',
  { timeout: 240_000 },
  async () => {
    const TOTAL = 100_000
    const BATCH = 40
    // Everything is noticed sooner than by default, so that there is time for many falls and climbs.
    const heartbeat = 500
    await close()
    await serve({ heartbeat })
    const reader = await reading({
      rungs: ORDER,
      ladder: { openWithin: 500, shortLife: 300, probe: { first: 300, max: 1_000 }, settle: 50 },
      retry: { base: 50, max: 200 },
      limits: { openWithin: 1_000, heartbeat, timeout: 500 },
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
      // One or two kinds are broken at a time, so that something is left to fall to.
      network.rule('all', 'pass')
      for (const kind of [pick(KINDS), pick(KINDS)]) {
        if (kind) network.rule(kind, pick<Rule>(FAULTS[kind]) ?? 'pass', { life: 20 + Math.random() * 500 })
      }
      faults += 1
      await after(200 + Math.random() * 1_800)
    }
    const took = Date.now() - began
    network.rule('all', 'pass')
    const tally = await reader.tally(TOTAL, 60_000)
    const opens = (await reader.seen()).events.flatMap(({ said }) =>
      said.startsWith('open') ? [said.split(' ')[1]] : [],
    )
    const rungs = opens.map((name) => ORDER.indexOf(name as Rung))
    const moves = (is: (step: number) => boolean) =>
      rungs.filter((rung, at) => at > 0 && is(rung - (rungs[at - 1] ?? 0))).length
    const { upgrade, stream, poll } = network.stats
    tell('a network that is never well', {
      messages: TOTAL,
      'a second': Math.round((TOTAL * 1_000) / took),
      faults,
      cuts: upgrade.cut + stream.cut + poll.cut,
      falls: moves((step) => step > 0),
      climbs: moves((step) => step < 0),
      'rungs used': new Set(rungs).size,
      ...tally,
    })
    expect([(await reader.seen()).numbers[0], tally]).toEqual([1, NOTHING])
    expect(new Set(rungs).size).toBeGreaterThan(1)
  },
)

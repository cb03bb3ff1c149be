import { chromium, firefox, type Browser, type Page } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CHROMIUM_WITH_TABS } from './chromium.ts'
import { FIREFOX } from './firefox.ts'
import { serveFlash } from './flash-server.ts'
import type { Asked } from './flash/main.ts'
import { openTab } from './tab.ts'
import { launch } from './launch.ts'

type Server = Awaited<ReturnType<typeof serveFlash>>

let server: Server
const browsers: Record<string, Browser> = {}
beforeAll(async () => {
  server = await serveFlash({ heartbeat: 1_000 })
  browsers['chromium'] = await launch(chromium, CHROMIUM_WITH_TABS)
  browsers['firefox'] = await launch(firefox, FIREFOX)
})
afterAll(async () => {
  for (const browser of Object.values(browsers)) await browser.close()
  await server.close()
})
afterEach(() => {
  Object.assign(server.served, { policy: '', ruffle: 'there' })
})

/** The minimal policy of a page. In Firefox `'self'` does not include WebSockets. */
const policy = (more = '') =>
  `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ws://${server.origin}${more}`

let channels = 0
const PAUSE = 'new Promise(requestAnimationFrame)'

/** Opens a page that reads its own channel. */
async function open(browser: Browser, asked: Partial<Asked> = {}) {
  const channel = `flash-${(channels += 1)}`
  const page = await browser.newPage()
  // Firefox reports everything that the policy forbids Ruffle, and that Ruffle does not need.
  page.on('pageerror', (error) => !error.message.includes('Security-Policy') && console.error(error))
  await page.goto(server.url)
  await page.evaluate(`prepare(${JSON.stringify({ channel, ...asked })})`)
  return { channel, page, ...reading(page) }
}

const reading = (page: Pick<Page, 'evaluate'>) => {
  const seen = () => page.evaluate('seen') as Promise<string[]>
  return {
    seen,
    /** The messages alone: a busy page may reconnect between two of them. */
    messages: async () => (await seen()).filter((word) => !/^(idle|connecting|reconnecting|open)/.test(word)),
    async sees(word: string | RegExp) {
      const fits = (one: string) => (typeof word === 'string' ? one === word : word.test(one))
      await expect.poll(async () => (await seen()).some(fits), { message: `sees ${word}` }).toBe(true)
    },
  }
}

describe.for(['chromium', 'firefox'])('in %s', (name) => {
  const browser = () => browsers[name] as Browser

  test('it reads, sends and resumes after a drop, in a page that forbids `unsafe-eval`, without a gesture', async () => {
    server.served.policy = policy()
    const { channel, page, messages, ...reader } = await open(browser())
    await page.evaluate('read()')
    await reader.sees('open')
    server.hub.publish(channel, 'one\r\n\0\u2028\uFEFF')
    await reader.sees('one\r\n\0\u2028\uFEFF')
    await page.evaluate('send({ two: 2 })')
    await reader.sees('{"two":2}')
    server.drop()
    await reader.sees(/^reconnecting connection-lost/)
    server.hub.publish(channel, 'three')
    await reader.sees('three')
    expect(await messages()).toEqual(['one\r\n\0\u2028\uFEFF', '{"two":2}', 'three'])
    await page.close()
  })

  test('a megabyte arrives complete, and messages that are sent at once arrive in order', async () => {
    const { channel, page, messages, ...reader } = await open(browser())
    await page.evaluate('read()')
    await reader.sees('open')
    const big = 'é😀\n'.repeat(150_000)
    server.hub.publish(channel, big)
    await expect.poll(async () => (await messages()).at(-1)?.length).toBe(big.length)
    expect((await messages()).at(-1) === big).toBe(true)
    await page.evaluate('Promise.all(Array.from({ length: 900 }, (_, n) => send(n)))')
    await reader.sees('899')
    expect((await messages()).slice(-900)).toEqual(Array.from({ length: 900 }, (_, n) => String(n)))
    await page.close()
  })
})

describe('Flash Socket', () => {
  const browser = () => browsers['chromium'] as Browser

  test('loads nothing of itself or of Ruffle before the first subscription', async () => {
    server.asked.length = 0
    const { page, ...reader } = await open(browser())
    await page.evaluate(PAUSE)
    expect(server.asked.filter((path) => /ruffle|swf/.test(path))).toEqual([])
    await page.evaluate('read()')
    await reader.sees('open')
    const loaded = server.asked.filter((path) => /ruffle|swf/.test(path))
    expect(loaded).toEqual([
      expect.stringMatching(/^\/assets\/bridge-swf-.*\.js$/),
      '/ruffle/ruffle.js',
      expect.stringMatching(/^\/ruffle\/core\.ruffle\..*\.js$/),
      expect.stringMatching(/^\/ruffle\/.*\.wasm$/),
    ])
    await page.close()
  })

  test.for(['absent', 'a page'] as const)('names the missing package if Ruffle is %s', async (ruffle) => {
    server.served.ruffle = ruffle
    const { page, ...reader } = await open(browser())
    page.removeAllListeners('pageerror')
    await page.evaluate('read()')
    await reader.sees(/^failed unsupported/)
    server.served.ruffle = 'there'
    await page.evaluate('open()')
    await reader.sees('open')
    await page.close()
  })

  test('retries if Ruffle could not be reached', async () => {
    server.served.ruffle = 'cut'
    const { page, ...reader } = await open(browser())
    await page.evaluate('read()')
    await reader.sees(/^reconnecting network-error/)
    server.served.ruffle = 'there'
    await reader.sees('open')
    await page.close()
  })

  test('reports that the page forbids WebAssembly, and requests nothing', async () => {
    server.served.policy = policy().replace(" 'wasm-unsafe-eval'", '')
    server.asked.length = 0
    const { page, ...reader } = await open(browser())
    await page.evaluate('read()')
    await reader.sees(/^failed unsupported/)
    expect(server.asked.filter((path) => path.startsWith('/ruffle/'))).toEqual([])
    await page.close()
  })

  test('starts in a page that was never visible, and continues when it is hidden', async () => {
    server.served.policy = policy('; worker-src blob:')
    const before = await openTab(browser(), server.url)
    const tab = await openTab(browser(), 'about:blank')
    await before.activate()
    await expect.poll(() => tab.evaluate('document.visibilityState')).toBe('hidden')
    await tab.send('Page.navigate', { url: server.url })
    await expect.poll(() => tab.evaluate('typeof prepare')).toBe('function')
    const reader = reading(tab as never)
    await tab.evaluate(`prepare({ channel: 'hidden' })`)
    await tab.evaluate('read()')
    await reader.sees('open')
    for (const word of ['one', 'two']) {
      server.hub.publish('hidden', word)
      await reader.sees(word)
    }
    expect(await tab.evaluate('document.visibilityState')).toBe('hidden')
    await tab.activate()
    server.hub.publish('hidden', 'seen')
    await reader.sees('seen')
    await before.activate()
    server.hub.publish('hidden', 'hidden again')
    await reader.sees('hidden again')
    await tab.close()
    await before.close()
  })

  test('waits until the page is visible if the policy forbids workers, and loses no message', async () => {
    server.served.policy = policy()
    const before = await openTab(browser(), server.url)
    const tab = await openTab(browser(), server.url)
    await expect.poll(() => tab.evaluate('typeof prepare')).toBe('function')
    const { seen, ...reader } = reading(tab as never)
    await tab.evaluate(`prepare({ channel: 'workless' })`)
    await tab.evaluate('read()')
    await reader.sees('open')
    server.hub.publish('workless', 'one')
    await reader.sees('one')
    await before.activate()
    await expect.poll(() => tab.evaluate('document.visibilityState')).toBe('hidden')
    server.hub.publish('workless', 'two')
    // The silence of a hidden page is detected, and the retry may be silent too.
    await expect.poll(async () => (await seen()).some((word) => word.startsWith('reconnecting'))).toBe(true)
    await tab.activate()
    await reader.sees('two')
    expect((await seen()).filter((word) => /^(one|two|gap)/.test(word))).toEqual(['one', 'two'])
    await tab.close()
    await before.close()
  })

  test('starts a new player if the old one was removed from the page', async () => {
    const { channel, page, ...reader } = await open(browser(), {})
    await page.evaluate('read()')
    await reader.sees('open')
    server.hub.publish(channel, 'one')
    await reader.sees('one')
    await page.evaluate(`for (const element of document.body.children) element.remove()`)
    server.hub.publish(channel, 'two')
    await reader.sees('two')
    await page.close()
  })

  test('leaves only one player after 200 subscriptions, which is removed later, and Ruffle’s own objects', async () => {
    const { page } = await open(browser(), { disconnectDelay: 1_000 })
    const faults: string[] = []
    page.on('pageerror', ({ message }) => faults.push(message))
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('Performance.enable')
    const held = async () => {
      await cdp.send('HeapProfiler.collectGarbage')
      const { metrics } = await cdp.send('Performance.getMetrics')
      const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN
      const players = await page.evaluate<number>(`document.body.children.length`)
      return { players, nodes: metric('Nodes'), listeners: metric('JSEventListeners'), heap: metric('JSHeapUsedSize') }
    }
    const without = await held()
    await page.evaluate('cycle(20)')
    const before = await held()
    await page.evaluate('cycle(200)')
    const after = await held()
    await expect.poll(async () => (await held()).players).toBe(0)
    const gone = await held()
    console.log(`flashSocket, 200 subscriptions: ${JSON.stringify({ without, before, after, gone })}`)
    expect(faults).toEqual([])
    expect(after.nodes).toBe(before.nodes)
    // The last socket may still be closing.
    expect(after.listeners - before.listeners).toBeLessThanOrEqual(3)
    expect(after.heap - before.heap).toBeLessThan(200 * 1_000)
    expect(gone.nodes - without.nodes).toBeLessThanOrEqual(220)
    await page.close()
  })

  test('reads another TCP server through a tunnel: each line is a message, in both directions', async () => {
    const { createServer } = await import('node:net')
    const tcp = createServer((socket) => {
      socket.on('error', () => {})
      socket.on('data', (data) => socket.write(`${String(data).trim()} is what you said\n\r\n\u2028two\r\nhalf`))
    })
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
    const legacy = await serveFlash({
      tunnels: { '/legacy': { host: '127.0.0.1', port: (tcp.address() as { port: number }).port } },
    })
    const page = await browser().newPage()
    await page.goto(legacy.url)
    await page.evaluate(`prepare({ channel: 'x', backend: 'standard', proxyUrl: '/legacy' })`)
    await page.evaluate('read()')
    const { seen, ...reader } = reading(page)
    await reader.sees('open')
    await page.evaluate('send({ n: 1 })')
    await reader.sees('\u2028two')
    expect((await seen()).slice(-2)).toEqual(['{"n":1} is what you said', '\u2028two'])
    await page.close()
    await legacy.close()
    tcp.close()
  })
})

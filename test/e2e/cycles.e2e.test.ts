import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type CDPSession } from 'playwright'
import { createHub, type Hub } from 'pinia-push/hub'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from './bundle.ts'
import { CHROMIUM } from './chromium.ts'
import { launch } from './launch.ts'
import { TECHNIQUES } from './techniques.ts'

const CYCLES = 500
const ROUNDS = 4
/** Less than one small object per cycle. */
const isSteady = (grown: number) => grown < CYCLES * 100

let hub: Hub
let server: Server
let browser: Browser
let url: string

beforeAll(async () => {
  const files = await bundle(new URL('cycles', import.meta.url))
  hub = createHub()
  server = createServer((request, response) => {
    if (hub.handle(request, response)) return
    const path = request.url ?? ''
    response.setHeader('Content-Type', path.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.end(files.get(path) ?? '')
  })
  server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/index.html`
  browser = await launch(chromium, CHROMIUM)
})
afterAll(async () => {
  await browser.close()
  await hub.close()
  server.close()
})

/** Measures the memory of a page after garbage collection. */
async function held(cdp: CDPSession) {
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  const metric = (name: string) => metrics.find((one) => one.name === name)?.value ?? Number.NaN
  const evaluate = async (expression: string) => (await cdp.send('Runtime.evaluate', { expression })).result
  const living = async (type: string) => {
    const { objectId: prototypeObjectId = '' } = await evaluate(`${type}.prototype`)
    const { objects } = await cdp.send('Runtime.queryObjects', { prototypeObjectId })
    const { result } = await cdp.send('Runtime.callFunctionOn', {
      objectId: objects.objectId ?? '',
      functionDeclaration: 'function () { return this.length }',
    })
    return Number(result.value)
  }
  const types = ['AbortController', 'EventSource', 'HTMLIFrameElement', 'Subscription', 'WebSocket', 'XMLHttpRequest']
  const objects = Object.fromEntries(await Promise.all(types.map(async (type) => [type, await living(type)] as const)))
  await cdp.send('Runtime.releaseObjectGroup', { objectGroup: '' })
  return {
    heap: metric('JSHeapUsedSize'),
    left: {
      ...objects,
      timers: Number((await evaluate('timers.size')).value),
      listeners: metric('JSEventListeners'),
      documents: metric('Documents'),
      frames: metric('Frames'),
      nodes: metric('Nodes'),
    },
  }
}

const CASES = [
  ...TECHNIQUES.map((name) => [`${name} leaves nothing after ${CYCLES} subscriptions`, name, 'cycle'] as const),
  [`a component and its store leave nothing after ${CYCLES} mounts`, 'components', 'mounts'] as const,
]

test.each(CASES)('%s', async (_, name, act) => {
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.error(error))
  await page.goto(url)
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable')
  const cycle = (times: number) => page.evaluate(act === 'cycle' ? `cycle('${name}', ${times})` : `mounts(${times})`)
  // A page caches some data once: the browser's list of requests is full after 250, Vue caches for longer.
  await cycle(act === 'cycle' ? 300 : 1_000)
  // Objects that delays keep alive are gone after this.
  await expect.poll(async () => (await held(cdp)).left.timers).toBe(0)
  const before = await held(cdp)
  const grown: number[] = []
  let { heap } = before
  // A leak grows in each round. Compiled code and caches grow in some rounds only.
  while (grown.length < ROUNDS && !grown.some(isSteady)) {
    await cycle(CYCLES)
    await expect.poll(async () => (await held(cdp)).left).toEqual(before.left)
    await expect.poll(() => hub.state(name)?.subscribers ?? 0).toBe(0)
    const now = (await held(cdp)).heap
    grown.push(now - heap)
    heap = now
  }
  console.log(
    `${name}: the heap grew by ${grown.join(', ')} bytes in ${CYCLES} cycles each; left ${JSON.stringify(before.left)}`,
  )
  expect(grown).toSatisfy((rounds: number[]) => rounds.some(isSteady))
  await page.close()
})

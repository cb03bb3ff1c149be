import { readFileSync } from 'node:fs'
import { chromium, type Browser, type CDPSession } from 'playwright'
import { CHROMIUM } from '../test/e2e/chromium.ts'
import { openTab } from '../test/e2e/tab.ts'
import { builtPage } from './built-page.ts'
import type { Bench } from './index.ts'
import type { Pair } from './page/main.ts'
import type { HubOrders } from './processes/hub.ts'
import { start } from './processes/start.ts'
import { table } from './table.ts'

const TECHNIQUES = ['iframeStream', 'xhrStream', 'fetchStream', 'sse', 'webSocket'] as const satisfies Pair[]
const MESSAGE = 10_000
/** How often 20 MB are received, 200 MB in total. */
const STEPS = 10
const MESSAGES_A_STEP = 2_000
/** How much the pages' processes may grow after the first 20 MB, in MB: less than one `maxBufferedChars`. */
const MAX_GROWTH = 16

/** Measures the memory of a page while a technique receives 200 MB and stores nothing. */
export const memory: Bench = async (parts) => {
  const hub = await start<HubOrders>('hub')
  const port = await hub.call.serve({ history: { count: 2 * MESSAGES_A_STEP, bytes: 1e9 } }, await builtPage('page'))
  const browser = await chromium.launch(CHROMIUM)
  const print = table(['technique', 'received', 'heap at 20, 100, 200 MB', 'processes at 20, 100, 200 MB'])
  let kept = true
  for (const name of TECHNIQUES) {
    if (parts.length > 0 && !parts.includes(name)) continue
    const samples = await receive(browser, hub.call, port, name)
    const [first, half, last] = [samples[0], samples[STEPS / 2 - 1], samples.at(-1)]
    if (!first || !half || !last) throw new Error('There are no samples.')
    const flat = last.processes - first.processes <= MAX_GROWTH && last.heap - first.heap <= MAX_GROWTH
    kept &&= flat
    const three = (of: 'heap' | 'processes') =>
      `${[first, half, last].map((sample) => sample[of].toFixed(1)).join(', ')} MB`
    print([name, '200 MB', three('heap'), `${three('processes')}${flat ? '' : ` **grew by more than ${MAX_GROWTH}**`}`])
  }
  await browser.close()
  hub.stop()
  return kept
}

/** In MB, after garbage collection. */
interface Sample {
  heap: number
  /** The memory of all page processes, with those of an empty tab and a spare one. */
  processes: number
}

async function receive(
  browser: Browser,
  call: Awaited<ReturnType<typeof start<HubOrders>>>['call'],
  port: number,
  name: Pair,
) {
  const channel = `memory-${name}`
  await call.publish(channel, 0, 0, 0)
  const tab = await openTab(browser, `http://127.0.0.1:${port}/index.html`)
  while ((await tab.evaluate('document.readyState === "complete" && typeof receive')) !== 'function');
  const cdp = await browser.newBrowserCDPSession()
  await tab.evaluate(`receive('${name}', '/push/${channel}')`)
  while ((await call.subscribers(channel)) === 0);
  const samples: Sample[] = []
  for (let step = 1; step <= STEPS; step += 1) {
    const target = step * MESSAGES_A_STEP
    for (let n = target - MESSAGES_A_STEP; n < target; n += 100) {
      await call.publish(channel, n, 100, MESSAGE)
      while (Number(await tab.evaluate('received.messages')) < n + 100);
    }
    const wrong = await tab.evaluate('received.outOfOrder')
    if (wrong !== 0) throw new Error(`${name}: ${String(wrong)} messages out of order`)
    await tab.send('HeapProfiler.collectGarbage')
    const { usedSize } = await tab.send('Runtime.getHeapUsage')
    samples.push({ heap: Number(usedSize) / 1e6, processes: await pages(cdp) })
  }
  await tab.close()
  return samples
}

/** Returns the anonymous resident memory of all page processes, in MB: the process of one page cannot be identified. */
async function pages(cdp: CDPSession): Promise<number> {
  const { processInfo } = await cdp.send('SystemInfo.getProcessInfo')
  const resident = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) / 1_000)
  return resident.reduce((sum, one) => sum + one, 0)
}

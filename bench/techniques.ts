import { chromium, type Browser } from 'playwright'
import { CHROMIUM } from '../test/e2e/chromium.ts'
import { openTab } from '../test/e2e/tab.ts'
import { builtPage } from './built-page.ts'
import type { Bench } from './index.ts'
import { median } from './median.ts'
import type { Pair, Side } from './page/main.ts'
import type { HubOrders } from './processes/hub.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

/** How many messages each reading has: enough for some tenths of a second. */
const MESSAGES = {
  iframeStream: 10_000,
  xhrStream: 50_000,
  fetchStream: 50_000,
  sse: 50_000,
  eventSource: 50_000,
  webSocket: 50_000,
} satisfies Partial<Record<Pair, number>>
const PAIRS = 5
/** How often each side of a pair reads. A busy machine only makes it slower, so the fastest counts. */
const READINGS = 5
const MIN_RATIO = 0.95

/** Measures messages per second of each streaming technique, and of the bare browser API with the same parsing. */
export const techniques: Bench = (parts) =>
  comparePairs(MESSAGES, { parts, sides: ['pinia-push', 'bare'], minRatio: MIN_RATIO })

/** Measures messages per second of a topic of a shared WebSocket, and of a WebSocket with one message per frame. */
export const batch: Bench = (parts) =>
  comparePairs({ batch: 50_000 }, { parts, sides: ['many messages a frame', 'one'], minRatio: 10 })

interface Comparison {
  readonly parts: readonly string[]
  /** The titles of the two sides. */
  readonly sides: readonly [string, string]
  readonly minRatio: number
}

async function comparePairs(
  messages: Readonly<Partial<Record<Pair, number>>>,
  { parts, sides, minRatio }: Comparison,
): Promise<boolean> {
  const hub = await start<HubOrders>('hub')
  const most = Math.max(...Object.values(messages))
  const port = await hub.call.serve(
    {
      startFrom: 'oldest',
      history: { count: most, age: 3_600_000, bytes: 1e9 },
      maxHistoryBytes: 1e9,
      // The hub keeps encoded messages this long, so that it does the same work for both sides.
      heartbeat: 3_600_000,
    },
    await builtPage('page'),
  )
  for (const count of new Set(Object.values(messages))) await hub.call.publish(channelOf(count), 0, count, 50)
  const browser = await chromium.launch(CHROMIUM)

  console.log(`messages/s, the medians of ${PAIRS} pairs; ratio: the median of the pairs' (least, most)\n`)
  const print = table(['technique', ...sides, 'ratio'])
  let kept = true
  for (const [name, count] of Object.entries(messages)) {
    if (parts.length > 0 && !parts.includes(name)) continue
    const pairs: Rates[] = []
    for (let n = 0; n < PAIRS; n += 1)
      pairs.push(await measure(browser, `http://127.0.0.1:${port}`, name as Pair, count, n % 2 === 1))
    const ratios = pairs.map(({ ours, bare }) => ours / bare).toSorted((a, b) => a - b)
    const ratio = median(ratios)
    kept &&= ratio >= minRatio
    const [least = 0, most = 0] = [ratios[0], ratios.at(-1)]
    print([
      name,
      whole(median(pairs.map(({ ours }) => ours))),
      whole(median(pairs.map(({ bare }) => bare))),
      `${ratio.toFixed(2)} (${least.toFixed(2)}, ${most.toFixed(2)})${ratio < minRatio ? ` **under ${minRatio}**` : ''}`,
    ])
  }
  await browser.close()
  hub.stop()
  return kept
}

type Rates = Record<Side, number>

/** Measures one pair: each side in a tab of its own, reading in turn, so that other load affects both. */
async function measure(browser: Browser, origin: string, pair: Pair, count: number, bareFirst: boolean) {
  const read = async (side: Side) => {
    // Not a Playwright page, which would report every frame and event at more cost than reading them.
    const tab = await openTab(browser, `${origin}/index.html`)
    while ((await tab.evaluate('document.readyState === "complete" && typeof measure')) !== 'function');
    const once = async () => {
      await tab.activate()
      const took = await tab.evaluate(
        `measure('${pair}', '${side}', '/push/${channelOf(count)}', ${count}).catch(String)`,
      )
      if (typeof took !== 'number') throw new Error(String(took))
      return took
    }
    return { tab, side, once }
  }
  const sides = [await read('ours'), await read('bare')]
  if (bareFirst) sides.reverse()
  const fastest = { ours: Infinity, bare: Infinity }
  for (const { once } of sides) await once()
  for (let n = 0; n < READINGS; n += 1)
    for (const { side, once } of sides) fastest[side] = Math.min(fastest[side], await once())
  for (const { tab } of sides) await tab.close()
  return { ours: (count / fastest.ours) * 1_000, bare: (count / fastest.bare) * 1_000 }
}

const channelOf = (count: number) => `numbers-${count}`

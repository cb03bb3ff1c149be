import { chromium } from 'playwright'
import { CHROMIUM } from '../test/e2e/chromium.ts'
import { openTab } from '../test/e2e/tab.ts'
import { builtPage } from './built-page.ts'
import type { Bench } from './index.ts'
import type { HubOrders } from './processes/hub.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const RATE = 100_000
const SECONDS = 5
const KEYS = 10_000

/** Measures a page's longest task while a fast channel is bound to a store that a component shows. */
export const store: Bench = async () => {
  const hub = await start<HubOrders>('hub')
  const port = await hub.call.serve(
    // A reader of 12 MB per second may be behind for a moment without being too slow.
    { history: { count: 3 * RATE, bytes: 1e9 }, maxBufferedBytes: 64 * 1_048_576 },
    await builtPage('store'),
  )
  const browser = await chromium.launch(CHROMIUM)
  const print = table(['flush', 'published', 'a second', 'applied', 'keys', 'tasks of 50 ms and more', 'longest wait'])
  let kept = true
  for (const flush of ['microtask', 'frame'] as const) {
    await hub.call.end('trades')
    const tab = await openTab(browser, `http://127.0.0.1:${port}/index.html`)
    while ((await tab.evaluate('document.readyState === "complete" && typeof show')) !== 'function');
    await tab.evaluate(`show('${flush}')`)
    while ((await tab.evaluate('seen().status')) !== 'open');
    // Code is slow when it runs for the first time, so the first second is not measured.
    await hub.call.stream('trades', 0, RATE, RATE, KEYS)
    while (Number(await tab.evaluate('seen().messages')) < RATE);
    await tab.evaluate('restart()')
    const began = performance.now()
    await hub.call.stream('trades', RATE, RATE * SECONDS, RATE, KEYS)
    const total = RATE * (SECONDS + 1)
    const rate = (RATE * SECONDS * 1_000) / (performance.now() - began)
    while (Number(await tab.evaluate('seen().gaps ? Infinity : seen().messages')) < total);
    const seen = (await tab.evaluate('seen()')) as Record<string, number>
    const complete = seen.messages === total && seen.outOfOrder === 0 && seen.gaps === 0 && seen.last === total - 1
    const { longest = Infinity, long = Infinity, waited = Infinity } = seen
    kept &&= complete && seen.keys === KEYS && long === 0
    print([
      flush,
      whole(RATE * SECONDS),
      whole(rate),
      complete ? 'each once, in order' : '**not all**',
      whole(seen.keys ?? 0),
      long === 0 ? 'none' : `**${long}, the longest ${longest} ms**`,
      `${waited.toFixed(1)} ms`,
    ])
    await tab.close()
  }
  await browser.close()
  hub.stop()
  return kept
}

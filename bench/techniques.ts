import { chromium } from 'playwright'
import { bundle } from '../test/e2e/bundle.ts'
import { CHROMIUM } from '../test/e2e/chromium.ts'
import type { Bench } from './index.ts'
import type { Pair, Side } from './page/main.ts'
import type { HubOrders } from './processes/hub.ts'
import { start } from './processes/start.ts'

const PAIRS: readonly Pair[] = ['iframeStream', 'xhrStream', 'fetchStream', 'sse', 'eventSource', 'webSocket']
const MESSAGES = 50_000
const ROUNDS = 5
const LEAST = 0.95

/** Messages a second of each streaming technique, and of the bare browser API that does the same parsing. */
export const techniques: Bench = async () => {
  const hub = await start<HubOrders>('hub')
  const port = await hub.tell.serve(
    {
      firstMessage: 'oldest',
      history: { count: MESSAGES, age: 3_600_000, bytes: 1e9 },
      maxHistoryBytes: 1e9,
      // How messages are written is kept for so long, so that the hub works no more for one side than for the other.
      heartbeat: 3_600_000,
    },
    [...(await bundle(new URL('page/', import.meta.url)))].map(([path, text]) => [path, String(text)]),
  )
  await hub.tell.publish('numbers', 0, MESSAGES, 50)
  const browser = await chromium.launch(CHROMIUM)
  const rate = async (pair: Pair, side: Side) => {
    // A page of its own, so that neither finds the other's compiled code or leftovers.
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/index.html`)
    const once = () => page.evaluate<number>(`measure('${pair}', '${side}', '/push/numbers', ${MESSAGES})`)
    await once()
    const took = median([await once(), await once(), await once()])
    await page.close()
    return (MESSAGES / took) * 1_000
  }

  let kept = true
  console.log(
    `messages/s of ${MESSAGES} messages, ${ROUNDS} pairs, medians; ratio: median of the pairs' (least, most)\n`,
  )
  console.log('| technique | pinia-push | bare | ratio |\n| --- | ---: | ---: | --- |')
  for (const pair of PAIRS) {
    const rates: { ours: number; bare: number }[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      // Who goes first takes turns.
      const first = round % 2 === 0 ? 'ours' : 'bare'
      const one = await rate(pair, first)
      const other = await rate(pair, first === 'ours' ? 'bare' : 'ours')
      rates.push(first === 'ours' ? { ours: one, bare: other } : { ours: other, bare: one })
    }
    const ratios = rates.map(({ ours, bare }) => ours / bare).toSorted((a, b) => a - b)
    const ratio = median(ratios)
    kept &&= ratio >= LEAST
    const [ours, bare] = [median(rates.map((r) => r.ours)), median(rates.map((r) => r.bare))]
    console.log(
      `| ${pair} | ${Math.round(ours).toLocaleString('en')} | ${Math.round(bare).toLocaleString('en')} | ${ratio.toFixed(2)} (${ratios[0]?.toFixed(2)}, ${ratios.at(-1)?.toFixed(2)})${ratio < LEAST ? ` **under ${LEAST}**` : ''} |`,
    )
  }
  await browser.close()
  hub.stop()
  return kept
}

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

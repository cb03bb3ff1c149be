import { chromium } from 'playwright'
import { bundle } from '../test/e2e/bundle.ts'
import { CHROMIUM } from '../test/e2e/chromium.ts'
import { hubProcess } from './hub-process.ts'
import type { Bench } from './index.ts'
import type { Pair, Side } from './page/main.ts'

/** How many messages each reads: what a browser hands over one by one is slower by far. */
const PAIRS: Readonly<Record<Pair, number>> = {
  iframeStream: 10_000,
  xhrStream: 30_000,
  fetchStream: 30_000,
  sse: 30_000,
  eventSource: 10_000,
  webSocket: 10_000,
}
const MOST = Math.max(...Object.values(PAIRS))
const ROUNDS = 5
const LEAST = 0.95

/** Messages a second of each streaming technique, and of the bare browser API that does the same parsing. */
export const techniques: Bench = async () => {
  const hub = await hubProcess(
    // It does nothing else meanwhile: no heartbeat, and no spelling is forgotten.
    {
      firstMessage: 'oldest',
      history: { count: MOST, age: 3_600_000, bytes: 1e9 },
      maxHistoryBytes: 1e9,
      heartbeat: 3_600_000,
    },
    await bundle(new URL('page', import.meta.url)),
  )
  const browser = await chromium.launch(CHROMIUM)
  for (const count of new Set(Object.values(PAIRS))) await hub.publish(String(count), numbered(count))
  const rate = async (pair: Pair, side: Side) => {
    // A page of its own, so that neither finds the other's compiled code or leftovers.
    const page = await browser.newPage()
    await page.goto(`${hub.url}/index.html`)
    const count = PAIRS[pair]
    const once = () => page.evaluate<number>(`measure('${pair}', '${side}', '/push/${count}', ${count})`)
    await once()
    const took = median([await once(), await once(), await once()])
    await page.close()
    return (count / took) * 1_000
  }

  let kept = true
  console.log(
    `messages/s, ${ROUNDS} pairs, medians; ratio: median of the pairs' (least, most)\n`,
  )
  console.log('| technique | pinia-push | bare | ratio |\n| --- | ---: | ---: | --- |')
  for (const pair of Object.keys(PAIRS) as Pair[]) {
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

/** Messages of some 110 bytes, numbered. */
const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, n) =>
    JSON.stringify({ n, symbol: 'ACME', price: 100 + (n % 977) / 100, at: 1_763_913_600_000 + n, name: 'Größe ✓' }),
  )

export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

import { chromium } from 'playwright'
import { CHROMIUM } from '../test/e2e/chromium.ts'
import { openTab } from '../test/e2e/tab.ts'
import { builtPage } from './built-page.ts'
import type { Side } from './flash/main.ts'
import type { Bench } from './index.ts'
import { median } from './median.ts'
import type { HubOrders } from './processes/hub.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const BURST = 50_000
const ECHOES = 200
const FLOOD = 5_000
/** How often each side is measured, in turn. */
const ROUNDS = 5
const SIDES: Readonly<Record<Side, string>> = {
  bare: 'WebSocket, bare',
  webSocket: 'webSocket',
  topic: 'webSocket, a topic',
  flashSocket: 'flashSocket',
}
/** The least messages per second of a burst. */
const MIN_RATE = 180_000
/** The longest median echo, in ms. */
const MAX_ECHO = 17.5
/** How much longer than that of a bare WebSocket the median echo of a topic may take, in ms. */
const MAX_TOPIC_ECHO = 0.2

/** Compares Flash Socket and a topic of a shared WebSocket with a WebSocket, each in a tab of its own. */
export const flash: Bench = async () => {
  const hub = await start<HubOrders>('hub')
  const port = await hub.call.serve(
    {
      startFrom: 'oldest',
      history: { count: BURST, age: 3_600_000, bytes: 1e9 },
      maxHistoryBytes: 1e9,
      heartbeat: 3_600_000,
      maxPublishRate: 1e9,
    },
    await builtPage('flash'),
  )
  await hub.call.publish('burst', 0, BURST, 0)
  const browser = await chromium.launch(CHROMIUM)

  let channels = 0
  const seen: Record<string, Record<'opening' | 'burst' | 'echo' | 'flood', number[]>> = {}
  for (let round = 0; round < ROUNDS; round += 1)
    for (const side of Object.keys(SIDES)) {
      const figures = (seen[side] ??= { opening: [], burst: [], echo: [], flood: [] })
      const tab = await openTab(browser, `http://127.0.0.1:${port}/index.html`)
      while ((await tab.evaluate('document.readyState === "complete" && typeof burst')) !== 'function');
      const own = () => `'${side}', '/push/own-${(channels += 1)}'`
      const ask = async (call: string) => {
        await tab.activate()
        const result = await tab.evaluate(`${call}.catch(String)`)
        if (typeof result === 'string') throw new Error(result)
        return result as number & number[]
      }
      figures.opening.push(await ask(`opening(${own()})`))
      // A busy machine only makes a burst slower, so the fastest counts.
      const bursts: number[] = []
      for (let n = 0; n < ROUNDS; n += 1) bursts.push(await ask(`burst('${side}', '/push/burst', ${BURST})`))
      figures.burst.push((BURST / Math.min(...bursts)) * 1_000)
      figures.echo.push(median(await ask(`echoes(${own()}, ${ECHOES})`)))
      figures.flood.push(await ask(`flood(${own()}, ${FLOOD})`))
      await tab.close()
    }
  await browser.close()
  hub.stop()

  console.log(`medians of ${ROUNDS} tabs (least, most)\n`)
  const print = table([
    'technique',
    'a burst, messages/s',
    'an echo, ms',
    `${whole(FLOOD)} echoes at once, ms`,
    'opens in, ms',
  ])
  const spread = (all: readonly number[] = [], digits = 0) => {
    const format = (value: number) => (digits > 0 ? value.toFixed(digits) : whole(value))
    return `${format(median(all))} (${format(Math.min(...all))}, ${format(Math.max(...all))})`
  }
  for (const [side, name] of Object.entries(SIDES)) {
    const { burst, echo, flood, opening } = seen[side] ?? {}
    print([name, spread(burst), spread(echo, 2), spread(flood), spread(opening)])
  }
  const { burst = [], echo = [] } = seen['flashSocket'] ?? {}
  const [bareEcho = 0, topicEcho = 0] = ['bare', 'topic'].map((side) => median(seen[side]?.echo ?? []))
  return median(burst) >= MIN_RATE && median(echo) <= MAX_ECHO && topicEcho - bareEcho <= MAX_TOPIC_ECHO
}

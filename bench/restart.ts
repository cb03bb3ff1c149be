import type { Bench } from './index.ts'
import { median } from './median.ts'
import type { RestartOrders } from './processes/restart.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const RESTARTS = 20
/** How long the server is down, in ms. */
const OUTAGES = [100, 1_000, 3_000]
/** The longest median time after which the client is back, in ms. */
const MAX_MEDIAN = 1_000

/** Measures how soon a page is live again after its development server was restarted. */
export const restart: Bench = async () => {
  const { call, stop } = await start<RestartOrders>('restart')
  const print = table(['down for, ms', 'back after it, ms: median (least, most)'])
  let kept = true
  for (const outage of OUTAGES) {
    const times = await call.measure(RESTARTS, outage)
    print([whole(outage), `${whole(median(times))} (${whole(Math.min(...times))}, ${whole(Math.max(...times))})`])
    kept &&= median(times) < MAX_MEDIAN
  }
  stop()
  return kept
}

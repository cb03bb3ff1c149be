import type { Bench } from './index.ts'
import type { HubOrders } from './processes/hub.ts'
import type { ReaderOrders } from './processes/readers.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const READERS = 2_000
/** How many readers connect first, so that the heap has grown before the measurement. */
const WARM_UP = 2_000
/** How many bytes an idle reader may cost the hub. */
const MAX_BYTES = 20_000
const KINDS = ['sse', 'webSocket'] as const

/** Measures the memory of the hub's process per idle connection. */
export const connections: Bench = async () => {
  let kept = true
  const print = table(['readers', 'resident, a reader', 'of it heap'])
  for (const kind of KINDS) {
    const hub = await start<HubOrders>('hub')
    const readers = await start<ReaderOrders>('readers')
    const port = await hub.call.serve({
      maxConnections: READERS + WARM_UP,
      maxConnectionsPerAddress: READERS + WARM_UP,
    })
    await readers.call.open(port, 'idle', kind, WARM_UP)
    const before = await hub.call.memory()
    await readers.call.open(port, 'idle', kind, READERS)
    const after = await hub.call.memory()
    const [resident, heap] = [(after.rss - before.rss) / READERS, (after.heap - before.heap) / READERS]
    const subscribers = await hub.call.subscribers('idle')
    kept &&= resident <= MAX_BYTES && subscribers === READERS + WARM_UP
    print([
      `${whole(subscribers)} ${kind}`,
      `${whole(resident)} B${resident > MAX_BYTES ? ` **over ${whole(MAX_BYTES)}**` : ''}`,
      `${whole(heap)} B`,
    ])
    readers.stop()
    hub.stop()
  }
  return kept
}

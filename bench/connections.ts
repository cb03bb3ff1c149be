import type { Bench } from './index.ts'
import type { HubOrders } from './processes/hub.ts'
import type { ReaderOrders } from './processes/readers.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const READERS = 2_000
/** As many come first: a heap that is to hold so much is made once. */
const FIRST = 2_000
/** How many bytes a reader who is told nothing may cost the hub. */
const MOST = 20_000
const KINDS = ['sse', 'webSocket'] as const

/** What a connection costs the hub's process while nothing is published. */
export const connections: Bench = async () => {
  let kept = true
  const print = table(['readers', 'resident, a reader', 'of it heap'])
  for (const kind of KINDS) {
    const hub = await start<HubOrders>('hub')
    const readers = await start<ReaderOrders>('readers')
    const port = await hub.tell.serve({ maxConnections: READERS + FIRST, maxConnectionsPerAddress: READERS + FIRST })
    await readers.tell.open(port, 'idle', kind, FIRST)
    const before = await hub.tell.memory()
    await readers.tell.open(port, 'idle', kind, READERS)
    const after = await hub.tell.memory()
    const [resident, heap] = [(after.rss - before.rss) / READERS, (after.heap - before.heap) / READERS]
    const held = await hub.tell.subscribers('idle')
    kept &&= resident <= MOST && held === READERS + FIRST
    print([
      `${whole(held)} ${kind}`,
      `${whole(resident)} B${resident > MOST ? ` **over ${whole(MOST)}**` : ''}`,
      `${whole(heap)} B`,
    ])
    readers.stop()
    hub.stop()
  }
  return kept
}

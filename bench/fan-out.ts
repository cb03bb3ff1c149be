import type { Bench } from './index.ts'
import type { HubOrders } from './processes/hub.ts'
import type { ReaderOrders } from './processes/readers.ts'
import { start } from './processes/start.ts'
import { median } from './median.ts'
import { table, whole } from './table.ts'

const READERS = 2_000
const MESSAGES = 200
const ROUNDS = 5
const KINDS = ['sse', 'webSocket'] as const

/** Measures how many messages per second the hub delivers when each goes to many readers. */
export const fanOut: Bench = async () => {
  const print = table(['readers', 'messages', 'deliveries a second, the median of 5 (least, most)'])
  let kept = true
  for (const kind of KINDS) {
    const hub = await start<HubOrders>('hub')
    const readers = await start<ReaderOrders>('readers')
    const port = await hub.call.serve({ maxConnections: READERS, maxConnectionsPerAddress: READERS })
    await readers.call.open(port, 'busy', kind, READERS)
    const rates: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now()
      // Ten at a time, like a busy application: a single burst would exceed the readers' buffers.
      for (let n = 0; n < MESSAGES; n += 10) await hub.call.publish('busy', round * MESSAGES + n, 10, 0)
      const received = await readers.call.receive((round + 1) * MESSAGES * READERS)
      rates.push((MESSAGES * READERS * 1_000) / (performance.now() - began))
      kept &&= received === (round + 1) * MESSAGES * READERS
    }
    rates.sort((a, b) => a - b)
    print([
      `${whole(READERS)} ${kind}`,
      `${whole(ROUNDS * MESSAGES)}, each once`,
      `${whole(median(rates))} (${whole(rates[0] ?? 0)}, ${whole(rates.at(-1) ?? 0)})`,
    ])
    readers.stop()
    hub.stop()
  }
  return kept
}

import { guards } from '../test/servers/guard.ts'
import { plain } from '../test/servers/nginx-config.ts'
import { startNginx } from '../test/servers/nginx.ts'
import { ready } from '../test/servers/ready.ts'
import { startRedis } from '../test/servers/redis.ts'
import type { Bench } from './index.ts'
import { median } from './median.ts'
import { anonymous } from './nchan/memory.ts'
import { post } from './nchan/post.ts'
import type { ReaderOrders } from './processes/readers.ts'
import { start } from './processes/start.ts'
import { table, whole } from './table.ts'

const IDLE = 5_000
const BUSY = 2_000
const MESSAGES = 200
const ROUNDS = 5
const POSTS = 5_000
const KINDS = ['sse', 'webSocket'] as const
const STORES = ['memory', 'Redis'] as const

/** How many bytes an idle reader may cost the workers. */
const MAX_BYTES = 25_000

/** Starts nginx with Nchan as it is deployed, with higher limits per address. */
async function serve(store: (typeof STORES)[number]) {
  const redis = store === 'Redis' ? await startRedis() : undefined
  const nginx = await startNginx({
    redisPort: redis?.port,
    guard: guards().start,
    changes: (port) => [
      plain(port),
      ['push/limits.conf', 'rate=200r/s', 'rate=100000r/s'],
      ['nginx.conf', 'push_readers 1000', 'push_readers 20000'],
    ],
  })
  await ready(nginx.publisherPort)
  return {
    ...nginx,
    async stop() {
      await nginx.stop()
      await redis?.stop()
    },
  }
}

/** Returns how many messages a node accepted in total. */
const published = async (port: number) =>
  Number(/^total published messages: (\d+)$/m.exec(await (await fetch(`http://127.0.0.1:${port}/status`)).text())?.[1])

/** Measures the memory per idle reader, and how many connect per second. */
async function idle(): Promise<boolean> {
  let kept = true
  const print = table(['readers', 'workers, a reader', 'connections per second'])
  for (const kind of KINDS) {
    const [nginx, readers] = [await serve('Redis'), await start<ReaderOrders>('readers')]
    // The first connections allocate memory that all share.
    await readers.call.open(nginx.port, 'idle', kind, 100)
    const before = anonymous(nginx.workers())
    const began = performance.now()
    await readers.call.open(nginx.port, 'idle', kind, IDLE)
    const rate = (IDLE * 1_000) / (performance.now() - began)
    const each = (anonymous(nginx.workers()) - before) / IDLE
    kept &&= each <= MAX_BYTES
    print([
      `${whole(IDLE)} ${kind}`,
      `${whole(each)} B${each > MAX_BYTES ? ` **over ${whole(MAX_BYTES)}**` : ''}`,
      whole(rate),
    ])
    readers.stop()
    await nginx.stop()
  }
  return kept
}

/** Measures deliveries per second. */
async function busy(): Promise<boolean> {
  let kept = true
  const print = table(['readers, store', 'messages', 'deliveries a second, the median of 5 (least, most)'])
  for (const store of STORES) {
    for (const kind of KINDS) {
      const [nginx, readers] = [await serve(store), await start<ReaderOrders>('readers')]
      await readers.call.open(nginx.port, 'busy', kind, BUSY)
      const rates: number[] = []
      for (let round = 1; round <= ROUNDS; round += 1) {
        const began = performance.now()
        await post(nginx.publisherPort, 'busy', MESSAGES, 1)
        const received = await readers.call.receive(round * MESSAGES * BUSY)
        rates.push((MESSAGES * BUSY * 1_000) / (performance.now() - began))
        kept &&= received === round * MESSAGES * BUSY
      }
      print([`${whole(BUSY)} ${kind}, ${store}`, `${whole(ROUNDS * MESSAGES)}, each once`, spread(rates)])
      readers.stop()
      await nginx.stop()
    }
  }
  return kept
}

/** Measures accepted messages per second. */
async function taken(): Promise<boolean> {
  let kept = true
  const print = table(['store', 'messages accepted per second, the median of 5 (least, most)'])
  for (const store of STORES) {
    const nginx = await serve(store)
    const rates: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now()
      await post(nginx.publisherPort, 'published', POSTS, 16)
      rates.push((POSTS * 1_000) / (performance.now() - began))
    }
    kept &&= (await published(nginx.publisherPort)) === ROUNDS * POSTS
    print([store, spread(rates)])
    await nginx.stop()
  }
  return kept
}

const spread = (rates: readonly number[]) =>
  `${whole(median(rates))} (${whole(Math.min(...rates))}, ${whole(Math.max(...rates))})`

const PARTS: Readonly<Record<string, () => Promise<boolean>>> = { idle, busy, taken }

/** Measures a node of nginx with Nchan. */
export const nchan: Bench = async (parts) => {
  let kept = true
  for (const [name, part] of Object.entries(PARTS)) {
    if (parts.length > 0 && !parts.includes(name)) continue
    kept = (await part()) && kept
    console.log()
  }
  return kept
}

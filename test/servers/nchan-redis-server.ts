import type { Backend } from './backend.ts'
import type { ServerSettings } from './control-client.ts'
import { guards } from './guard.ts'
import { nchanPublisher } from './nchan-publisher.ts'
import { startNginx } from './nginx.ts'
import { ready } from './ready.ts'
import { startRedis } from './redis.ts'

/**
 * How long after a stream opened a node may still be looking for its reader's place in Redis, in ms. A reader without a
 * cursor misses what is published meanwhile (`deploy/README.md`, hazards), and nothing tells when it has ended: neither
 * Redis' list of subscribed channels nor the node's count of readers. Seen: 4 of 1,100 readers missed a message that was
 * published at once, and none of 1,500 after this.
 */
const PLACED_WITHIN = 25

/** Two nginx with Nchan that share one Redis: pages read from the one, what is published goes to the other. */
export async function startNchanRedis({ startFrom, history }: ServerSettings): Promise<Backend> {
  const redis = await startRedis()
  const guard = guards()
  const options = { guard: guard.start, redisPort: redis.port }
  const [first, second] = await Promise.all([startNginx(options), startNginx(options)])
  const { publish, end, state } = nchanPublisher(
    () => `http://127.0.0.1:${second.publisherPort}/channels/`,
    history?.count,
  )
  await ready(first.publisherPort, second.publisherPort)
  const begun = new Set<string>()
  return {
    port: first.port,
    path: startFrom === 'oldest' ? '/oldest/' : '/push/',
    async publish(channel, message) {
      if (!begun.has(channel)) await new Promise((resolve) => setTimeout(resolve, PLACED_WITHIN))
      begun.add(channel)
      await publish(channel, message)
    },
    end,
    async restart() {
      await redis.restart()
      await ready(first.publisherPort, second.publisherPort)
    },
    reload: first.reload,
    async failOver() {
      await first.kill()
      return second.port
    },
    stats: async (channel) => ({ requests: guard.asked(), subscribers: (await state(channel)).subscribers }),
    async close() {
      try {
        await Promise.all([first.stop(), second.stop()])
      } finally {
        await redis.stop()
      }
    },
  }
}

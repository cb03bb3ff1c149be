import type { Backend } from './backend.ts'
import type { ServerSettings } from './control-client.ts'
import { guards } from './guard.ts'
import { nchanPublisher } from './nchan-publisher.ts'
import { startNginx } from './nginx.ts'
import { ready } from './ready.ts'
import { startRedis } from './redis.ts'

/** Two nginx with Nchan that share one Redis: pages read from the one, what is published goes to the other. */
export async function startNchanRedis({ firstMessage, history }: ServerSettings): Promise<Backend> {
  const redis = await startRedis()
  const guard = guards()
  const options = { guard: guard.start, redisPort: redis.port }
  const [first, second] = await Promise.all([startNginx(options), startNginx(options)])
  const { publish, end, state } = nchanPublisher(
    () => `http://127.0.0.1:${second.publisherPort}/channels/`,
    history?.count,
  )
  await ready(first.publisherPort, second.publisherPort)
  return {
    port: first.port,
    path: firstMessage === 'oldest' ? '/oldest/' : '/push/',
    publish,
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

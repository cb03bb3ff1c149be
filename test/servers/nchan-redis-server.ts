import type { Backend } from './backend.ts'
import type { ServerSettings } from './control-client.ts'
import { startGuard } from './guard.ts'
import { nchanPublisher } from './nchan-publisher.ts'
import { startNginx } from './nginx.ts'
import { startRedis } from './redis.ts'

/** Two nginx with Nchan that share one Redis: pages read from the one, what is published goes to the other. */
export async function startNchanRedis({ firstMessage, history }: ServerSettings): Promise<Backend> {
  const [guard, redis] = await Promise.all([startGuard(), startRedis()])
  const options = { guardPort: guard.port, redisPort: redis.port }
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
        await Promise.all([redis.stop(), guard.close()])
      }
    },
  }
}

/** Until it has found its Redis, a node answers 503; and a connection kept from a node that had the port before is dead. */
async function ready(...ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/channels/a`).then(
        (answer) => answer.status,
        () => 503,
      )
    while ((await ask()) === 503) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

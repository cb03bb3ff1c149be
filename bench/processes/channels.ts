import { WebSocket } from 'ws'
import { createHub } from '../../src/hub/index.ts'
import { createPushClient, hub, webSocket } from '../../src/observables/index.ts'
import { obey } from '../../test/servers/remote.ts'
import { median } from '../median.ts'

const MESSAGES = 20_000
const ROUNDS = 5

const technique = webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket })

const until = async (isDone: () => boolean) => {
  while (!isDone()) await new Promise(setImmediate)
}

const orders = {
  /** Reads so many channels on one connection. Returns messages per second to `few` of them and to all, and times in ms. */
  async measure(count: number, few: number) {
    const server = createHub({ maxChannels: 2 * count })
    const { url, close } = await server.listen()
    const push = createPushClient({ technique, backend: hub(), baseUrl: url, disconnectDelay: 0, warnings: false })
    let opened = 0
    let received = 0
    const began = performance.now()
    const readings = Array.from({ length: count }, (_, n) =>
      push.channel(`topic-${n}`).events$.subscribe(({ type }) => {
        if (type === 'open') opened += 1
        if (type === 'message') received += 1
      }),
    )
    await until(() => opened === count)
    const opening = performance.now() - began
    const rate = async (among: number) => {
      const rounds: number[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        received = 0
        const start = performance.now()
        for (let n = 0; n < MESSAGES; n += 1) server.publish(`topic-${n % among}`, '1')
        await until(() => received === MESSAGES)
        rounds.push((MESSAGES / (performance.now() - start)) * 1_000)
      }
      return median(rounds)
    }
    const rates = { few: await rate(few), all: await rate(count) }
    const leaving = performance.now()
    for (const reading of readings) reading.unsubscribe()
    const times = { opening, leaving: performance.now() - leaving }
    push.close()
    await close()
    return { ...rates, ...times }
  },
}
export type ChannelOrders = typeof orders

obey(orders)

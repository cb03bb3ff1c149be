import { setTimeout as wait } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { createHub } from '../../src/hub/index.ts'
import { createPushClient, hub, webSocket } from '../../src/observables/index.ts'
import { obey } from '../../test/servers/remote.ts'

const technique = webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket })

const orders = {
  /** Restarts a hub with one client `rounds` times, each after `outage` ms. Returns how long after it the client was back, in ms. */
  async measure(rounds: number, outage: number) {
    const start = async (port = 0) => {
      const server = createHub()
      return server.listen({ port })
    }
    let server = await start()
    const { url, port } = server
    const push = createPushClient({ technique, backend: hub(), baseUrl: url, warnings: false })
    const channel = push.channel('a')
    let wake = () => {}
    channel.events$.subscribe(({ type }) => {
      if (type === 'open') wake()
    })
    const opened = () => new Promise<void>((resolve) => (wake = resolve))
    if (channel.status !== 'open') await opened()
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      await server.close()
      await wait(outage)
      const back = opened()
      server = await start(port)
      const began = performance.now()
      await back
      times.push(performance.now() - began)
    }
    push.close()
    await server.close()
    return times
  },
}
export type RestartOrders = typeof orders

obey(orders)

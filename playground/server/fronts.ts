import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Hub } from '../../src/hub/index.ts'
import { createFaultProxy, type FaultProxy } from '../../test/servers/fault-proxy.ts'

/** What a technique cost so far, as the server saw it. */
export interface Cost {
  requests: number
  bytes: number
  connections: number
}

/** One technique's own way to the hub: a port, so that its connections compete with no other's, and a network to break. */
export interface Front {
  url: string
  proxy: FaultProxy
  cost(): Cost
  close(): Promise<void>
}

export async function openFront(hub: Hub): Promise<Front> {
  let requests = 0
  const server = createServer((request, response) => {
    requests += 1
    if (!hub.handle(request, response)) response.writeHead(404).end()
  })
  server.on('upgrade', (request, socket, head) => {
    requests += 1
    socket.on('error', () => {})
    if (!hub.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await createFaultProxy({ port: (server.address() as AddressInfo).port })
  return {
    url: proxy.url,
    proxy,
    cost: () => ({
      requests,
      bytes: proxy.stats.bytesUp + proxy.stats.bytesDown,
      connections: proxy.stats.connections,
    }),
    async close() {
      await proxy.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

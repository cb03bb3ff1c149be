import { createServer, type Server } from 'node:http'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import type { Backend } from './backend.ts'
import { closeServer, listenAt } from './listening.ts'

/** The embedded hub. */
export async function startHub(settings: HubOptions): Promise<Backend> {
  let hub: Hub
  let server: Server
  let requests = 0

  const start = async (port: number) => {
    hub = createHub({ allowedOrigins: ['*'], ...settings })
    server = createServer((request, response) => {
      requests += 1
      hub.handle(request, response)
    })
    server.on('upgrade', (request, socket, head) => {
      requests += 1
      socket.on('error', () => {})
      hub.upgrade(request, socket, head)
    })
    await hub.listenTcp()
    return listenAt(server, port)
  }
  const close = () => {
    void hub.close()
    return closeServer(server)
  }

  const port = await start(0)
  return {
    port,
    path: '/push/',
    publish(channel, { data, base64, event }) {
      const body = base64 === undefined ? (data ?? '') : Buffer.from(base64, 'base64')
      hub.publish(channel, body, event === undefined ? {} : { event })
    },
    end: (channel) => void hub.delete(channel),
    async restart() {
      await close()
      await start(port)
    },
    stats: async (channel) => ({ requests, subscribers: hub.state(channel)?.subscribers ?? 0 }),
    close,
  }
}

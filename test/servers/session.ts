import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub, type Hub, type HubOptions } from 'pinia-push/hub'
import type { Fault, Publication, SessionStats } from './control-client.ts'
import { createFaultProxy } from './fault-proxy.ts'

/** A hub behind a fault proxy, as a test wants it. */
export interface ServedSession {
  url: string
  directUrl: string
  publish(request: { channel: string; messages: readonly Publication[]; every?: number; batch?: number }): Promise<void>
  end(channel: string): void
  fault(fault: Fault): void
  restart(): Promise<void>
  stats(): SessionStats
  close(): Promise<void>
}

export async function serveSession(settings: HubOptions): Promise<ServedSession> {
  let hub: Hub
  let server: Server
  let requests = 0

  const start = async (port: number) => {
    hub = createHub({ origins: ['*'], ...settings })
    server = createServer((request, response) => {
      requests += 1
      hub.handle(request, response)
    })
    server.on('upgrade', (request, socket, head) => {
      requests += 1
      socket.on('error', () => {})
      hub.upgrade(request, socket, head)
    })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }
  const stop = () => {
    void hub.close()
    return new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  const port = await start(0)
  const proxy = await createFaultProxy({ port })

  return {
    url: `${proxy.url}/push/`,
    directUrl: `http://127.0.0.1:${port}/push/`,
    async publish({ channel, messages, every = 0, batch = messages.length }) {
      for (let at = 0; at < messages.length; at += batch) {
        for (const { data, base64, event } of messages.slice(at, at + batch)) {
          const body = base64 === undefined ? (data ?? '') : Buffer.from(base64, 'base64')
          hub.publish(channel, body, event === undefined ? {} : { event })
        }
        if (every > 0) await new Promise((resolve) => setTimeout(resolve, every))
      }
    },
    end: (channel) => void hub.delete(channel),
    fault({ drop, stall, strand, resume, refuse, hang, buffer, split, slow, cut }) {
      if (resume) proxy.resume()
      if (stall) proxy.stall()
      if (strand) proxy.strand()
      if (refuse !== undefined) proxy.refuse(refuse)
      if (hang !== undefined) proxy.hang(hang)
      if (buffer !== undefined) proxy.buffer(buffer)
      if (split !== undefined) proxy.split(split ?? undefined)
      if (slow !== undefined) proxy.slow(slow)
      if (cut !== undefined)
        proxy.cut(cut ? () => Math.round(cut.min + Math.random() * (cut.max - cut.min)) : undefined)
      if (drop) proxy.drop()
    },
    async restart() {
      await stop()
      await start(port)
    },
    stats: () => ({
      ...proxy.stats,
      requests,
      // Every test of the suite reads channel `a`.
      subscribers: hub.state('a')?.subscribers ?? 0,
    }),
    async close() {
      await proxy.close()
      await stop()
    },
  }
}

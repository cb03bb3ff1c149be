import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { backoff, hub as topicsOf, webSocket, type PushClientOptions } from 'pinia-push'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { createFaultProxy } from '../servers/fault-proxy.ts'

/** Starts a hub behind a network that a test can break, and returns the options of a client of it. */
export async function serveHub(options: HubOptions = {}) {
  const hub = createHub({ allowedOrigins: ['*'], ...options })
  const { port, close } = await hub.listen()
  const proxy = await createFaultProxy({ port })
  onTestFinished(async () => {
    await proxy.close()
    await close()
  })
  const client = {
    // The oldest Node has none of its own.
    technique: webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }),
    backend: topicsOf(),
    baseUrl: proxy.url,
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    disconnectDelay: 0,
    warnings: false,
  } satisfies PushClientOptions
  return { hub, proxy, client, publish: (topic: string, data: unknown) => hub.publish(topic, JSON.stringify(data)) }
}

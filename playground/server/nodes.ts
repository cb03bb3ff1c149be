import type { Authorize } from '../../src/hub/index.ts'
import { guards } from '../../test/servers/guard.ts'
import { plain } from '../../test/servers/nginx-config.ts'
import { startNginx, type Nginx } from '../../test/servers/nginx.ts'
import { ready } from '../../test/servers/ready.ts'
import { startRedis } from '../../test/servers/redis.ts'
import { forward, forwardUpgrade } from './forward.ts'
import type { PushServer } from './push-server.ts'

const NAMES = ['A', 'B']

/** The heartbeat interval of event streams, in s. The pages receive it. */
export const HEARTBEAT = 5

interface Node {
  nginx: Nginx
  runs: boolean
}

export interface Nodes extends PushServer {
  close(): Promise<void>
}

/**
 * Two nodes of nginx with Nchan and one Redis, with the files that users deploy. Pages subscribe at the first running
 * node; messages are published to the last one.
 */
export async function startNodes({ authorize }: { authorize: Authorize }): Promise<Nodes> {
  const redis = await startRedis()
  const guard = guards(authorize)
  const nodes = new Map<string, Node>()
  for (const name of NAMES) {
    const nginx = await startNginx({
      redisPort: redis.port,
      guard: guard.start,
      changes: (port) => [
        plain(port),
        // Accepts pages of any local port, with many cards.
        ['push/origins.conf', '"https://app.example.com"', '"~^http://(localhost|127\\.0\\.0\\.1):[0-9]+$"'],
        ['push/limits.conf', 'rate=200r/s', 'rate=2000r/s'],
        ['push/subscription.conf', 'ping_interval 15;', `ping_interval ${HEARTBEAT};`],
        ['push/frame.conf', '"heartbeat":15', `"heartbeat":${HEARTBEAT}`],
      ],
    })
    nodes.set(name, { nginx, runs: true })
  }
  await ready(...[...nodes.values()].map(({ nginx }) => nginx.publisherPort))

  const running = () => [...nodes.values()].filter(({ runs }) => runs).map(({ nginx }) => nginx)
  const channelAt = (channel: string) => {
    const last = running().at(-1)
    return last && `http://127.0.0.1:${last.publisherPort}/channels/${channel}`
  }
  let closed = false
  /** Returns the cursor of a channel's last message; null if it has none; undefined if no node responds. */
  const placeOf = async (channel: string): Promise<string | null | undefined> => {
    const at = channelAt(channel)
    if (at === undefined) return undefined
    try {
      const response = await fetch(at, { headers: { accept: 'text/json' } })
      const text = await response.text()
      if (response.status === 404) return null
      return response.ok ? (JSON.parse(text) as { last_message_id: string }).last_message_id : undefined
    } catch {
      return undefined
    }
  }
  const cursor = async (channel: string): Promise<string | undefined> => (await placeOf(channel)) ?? undefined
  const later = () => new Promise((resolve) => setTimeout(resolve, 100))

  const post = async (channel: string, body: string, type: string): Promise<boolean> => {
    const before = await placeOf(channel)
    const at = channelAt(channel)
    // Without a known cursor, it would be unknown whether a dying node accepted the message.
    if (at === undefined || before === undefined) return false
    try {
      const response = await fetch(at, { method: 'POST', headers: { 'content-type': type }, body })
      await response.text()
      return response.ok
    } catch {
      // The node died. If the channel's cursor moved, the node accepted the message, and it must not be sent again.
      let after = await placeOf(channel)
      while (after === undefined && !closed) {
        await later()
        after = await placeOf(channel)
      }
      return after !== before
    }
  }
  // One message at a time keeps the order. A message waits until a node accepts it.
  let last: Promise<void> = Promise.resolve()
  const publish: PushServer['publish'] = (channel, body, { contentType }) => {
    last = last.then(async () => {
      while (!closed && !(await post(channel, body, contentType))) await later()
    })
  }

  const isOurs = (url = '') => /^\/push\/[\w.-]+(\?|$)/.test(url)
  return {
    publish,
    cursor,
    handle(request, response) {
      if (!isOurs(request.url)) return false
      const [first] = running()
      if (first) forward(first.port, request, response)
      else response.destroy()
      return true
    },
    upgrade(request, socket, head) {
      if (!isOurs(request.url)) return false
      const [first] = running()
      if (first) forwardUpgrade(first.port, request, socket, head)
      else socket.destroy()
      return true
    },
    nodes: () => Object.fromEntries([...nodes].map(([name, { runs }]) => [name, runs])),
    async power(name, on) {
      const node = nodes.get(name)
      if (!node || node.runs === on) return
      if (!on) {
        node.runs = false
        return node.nginx.kill()
      }
      await node.nginx.restart()
      await ready(node.nginx.publisherPort)
      node.runs = true
    },
    publisher: () => channelAt('machine'),
    async close() {
      closed = true
      await last
      for (const { nginx } of nodes.values()) await nginx.stop()
      await redis.stop()
    },
  }
}

import type { Authorize } from '../../src/hub/index.ts'
import { guards } from '../../test/servers/guard.ts'
import { plain } from '../../test/servers/nginx-config.ts'
import { startNginx, type Nginx } from '../../test/servers/nginx.ts'
import { ready } from '../../test/servers/ready.ts'
import { startRedis } from '../../test/servers/redis.ts'
import { forward, forwardUpgrade } from './forward.ts'
import type { PushServer } from './push-server.ts'

const NAMES = ['A', 'B']

/** How often an event stream shows that it lives, in s; the pages are told. */
export const HEARTBEAT = 5

interface Node {
  nginx: Nginx
  runs: boolean
}

export interface Nodes extends PushServer {
  close(): Promise<void>
}

/**
 * Two nodes of nginx with Nchan that share one Redis, on the files that users deploy. Pages read at the first that
 * runs; what is published goes to the last.
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
        // Pages of any port of this machine, and many cards on it.
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
  /** The place of a channel's last message; null: it has none. Undefined: no node says. */
  const placeOf = async (channel: string): Promise<string | null | undefined> => {
    const at = channelAt(channel)
    if (at === undefined) return undefined
    try {
      const answer = await fetch(at, { headers: { accept: 'text/json' } })
      const text = await answer.text()
      if (answer.status === 404) return null
      return answer.ok ? (JSON.parse(text) as { last_message_id: string }).last_message_id : undefined
    } catch {
      return undefined
    }
  }
  const cursor = async (channel: string): Promise<string | undefined> => (await placeOf(channel)) ?? undefined
  const later = () => new Promise((resolve) => setTimeout(resolve, 100))

  const post = async (channel: string, body: string, type: string): Promise<boolean> => {
    const before = await placeOf(channel)
    const at = channelAt(channel)
    // Where no place is known, nothing would tell whether a node that dies took this.
    if (at === undefined || before === undefined) return false
    try {
      const answer = await fetch(at, { method: 'POST', headers: { 'content-type': type }, body })
      await answer.text()
      return answer.ok
    } catch {
      // The node died over it. If the channel has moved on it was taken, and is not to be said twice.
      let after = await placeOf(channel)
      while (after === undefined && !closed) {
        await later()
        after = await placeOf(channel)
      }
      return after !== before
    }
  }
  // One after the other, so that they stay in order; what no node takes waits until one does.
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

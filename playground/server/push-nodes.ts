import type { IncomingMessage } from 'node:http'
import type { Plugin } from 'vite'
import type { Authorize } from '../../src/hub/index.ts'
import { isOwnPost, json } from './json-response.ts'
import { HEARTBEAT, startNodes, type Nodes } from './nodes.ts'
import type { PushServer } from './push-server.ts'

interface PushNodesOptions {
  authorize: Authorize
  /** Runs when the nodes start. The returned function runs when they stop. */
  setup: (server: PushServer) => () => void
}

/** Like `pushHub()`, with two nodes of nginx with Nchan and their Redis instead of the hub. */
export function pushNodes({ authorize, setup }: PushNodesOptions): Plugin {
  let nodes: Nodes | undefined
  let stop = () => {}

  const backendPublishes = async (request: IncomingMessage, channel: string) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk)
    nodes?.publish(channel, body, { contentType: 'text/plain' })
  }

  return {
    name: 'playground:nodes',
    async configureServer({ middlewares, httpServer }) {
      const started = (nodes = await startNodes({ authorize }))
      stop = setup(started)
      middlewares.use((request, response, next) => {
        // Pages subscribe at the nodes. Their messages go to the backend, which is this server.
        const [, channel] = /^\/push\/([\w.-]+)$/.exec(request.url ?? '') ?? []
        if (request.method === 'POST' && channel !== undefined) {
          if (!isOwnPost(request)) return json(response, 403, 'only this page publishes here')
          return backendPublishes(request, channel).then(() => json(response, 201, channel), next)
        }
        if (!started.handle(request, response)) next()
      })
      httpServer?.on('upgrade', (request, socket, head) => void started.upgrade(request, socket, head))
    },
    // Tells the page the heartbeat interval, because nginx does not send it.
    transformIndexHtml: () => [{ tag: 'meta', attrs: { name: 'heartbeat', content: String(HEARTBEAT * 1_000) } }],
    async closeBundle() {
      stop()
      await nodes?.close()
    },
  }
}

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Connect, Plugin } from 'vite'
import { createNetworkProxy, type NetworkProxy } from '../../test/servers/network-proxy.ts'
import { KINDS, RULES, type Kind, type Rule } from '../../test/servers/network/rules.ts'
import { isOwnPost, json } from './json-response.ts'
import type { PushServer } from './push-server.ts'
import { TOPICS, serveTopics } from './topics.ts'

/** The lifetime of a flapping connection, in ms. */
const LIFE = 300

interface Line {
  network: NetworkProxy
  close(): Promise<void>
}

async function openLine(hub: PushServer): Promise<Line> {
  const topics = serveTopics()
  const server = createServer((request, response) => {
    if (!topics.handle(request, response) && !hub.handle(request, response)) response.writeHead(404).end()
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    if (!topics.upgrade(request, socket, head) && !hub.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const network = await createNetworkProxy({ port: (server.address() as AddressInfo).port })
  return {
    network,
    async close() {
      await topics.close()
      await network.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const isKind = (name: string): name is Kind | 'all' => name === 'all' || (KINDS as readonly string[]).includes(name)
const isRule = (name: string): name is Rule => (RULES as readonly string[]).includes(name)

/** The server's part of the network page: a route to the hub that treats WebSockets, streams and polls differently. */
export function networkPage() {
  let line: Promise<Line> | undefined

  const routes: Connect.NextHandleFunction = (request, response, next) => {
    const [, root, about, kind = '', rule = '', ...more] = (request.url ?? '').replace(/\?.*$/, '').split('/')
    if (root !== 'network' || about !== 'rules' || !line || more.length > 0) return next()
    if (request.method === 'POST' && !isOwnPost(request))
      return json(response, 403, 'only this page breaks its network')
    const act = ({ network }: Line) => {
      if (request.method === 'POST') {
        if (!isKind(kind) || (!isRule(rule) && rule !== 'cut'))
          return json(response, 404, `kinds are all, ${KINDS.join(', ')}; rules cut, ${RULES.join(', ')}`)
        if (rule === 'cut') network.cut(kind)
        else network.rule(kind, rule, { life: LIFE })
      }
      json(response, 200, network.rules)
    }
    line.then(act, next)
  }

  const plugin: Plugin = {
    name: 'playground:network',
    configureServer: ({ middlewares }) => void middlewares.use(routes),
    transformIndexHtml: {
      order: 'pre',
      async handler(_html, { path }) {
        if (!path.startsWith('/network/') || !line) return []
        const { network } = await line
        const metas = { line: network.url, topics: String(TOPICS) }
        return Object.entries(metas).map(([name, content]) => ({ tag: 'meta', attrs: { name, content } }))
      },
    },
  }

  return {
    plugin,
    start(hub: PushServer) {
      const opened = (line = openLine(hub))
      return () => void opened.then((open) => open.close())
    },
  }
}

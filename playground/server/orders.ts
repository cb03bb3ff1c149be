import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import type { Connect, Plugin } from 'vite'
import { ACTIONS, type Action, type DeskMessage } from '../orders/order.ts'
import { isOwnPost, json } from './json-response.ts'
import { createDesk, type Desk } from './desk.ts'
import { openFront, type Front } from './fronts.ts'
import { rendersOrders } from './orders-ssr.ts'
import type { PushServer } from './push-server.ts'

/** The desk's channel. Only the desk publishes to it. */
export const ORDERS = 'orders'

/** The response time of the desk, in ms, so that a person sees pending actions. */
const THINKS = 400

const isAction = (name: string): name is Action => (ACTIONS as readonly string[]).includes(name)

/** The server's part of the order desk: its book, its routes, and its own line to the hub, which can be broken. */
export function orderDesk() {
  let hub: PushServer | undefined
  let desk: Desk | undefined
  let front: Promise<Front> | undefined

  const ask = async (id: number, action: Action, response: ServerResponse) => {
    await after(THINKS)
    const refused = desk?.act(id, action)
    json(response, refused === undefined ? 200 : 409, { refused })
  }

  const routes: Connect.NextHandleFunction = (request: IncomingMessage, response, next) => {
    const [, root, subject, verb = '', ...more] = (request.url ?? '').replace(/\?.*$/, '').split('/')
    if (root !== 'orders' || !hub || !desk) return next()
    if (subject === undefined && request.method === 'GET') {
      if (request.headers.accept?.includes('text/html')) return response.writeHead(302, { Location: '/orders/' }).end()
      // Reads the cursor before the state, so that a message in between is applied twice rather than never.
      const { book } = desk
      return Promise.resolve(hub.cursor(ORDERS)).then((cursor) => json(response, 200, { cursor, state: book }), next)
    }
    if (request.method !== 'POST' || more.length > 0) return next()
    if (!isOwnPost(request)) return json(response, 403, 'only the desk’s own page asks it')
    if (subject === undefined) return json(response, 200, desk.place())
    if (subject === 'market' && (verb === 'open' || verb === 'closed')) {
      desk.setMarket(verb)
      return json(response, 200, verb)
    }
    if (/^\d+$/.test(subject ?? '') && isAction(verb)) return void ask(Number(subject), verb, response)
    json(response, 404, `The desk has the routes /orders/<id>/${ACTIONS.join('|')} and /orders/market/open|closed`)
  }

  const plugin: Plugin = {
    name: 'playground:orders',
    configureServer(server) {
      server.middlewares.use(routes)
      server.middlewares.use(rendersOrders(server, async () => (await front)?.url))
    },
    transformIndexHtml: {
      order: 'pre',
      async handler(_html, { path }) {
        const line = path.startsWith('/orders/') ? (await front)?.url : undefined
        return line === undefined ? [] : [{ tag: 'meta', attrs: { name: 'line', content: line } }]
      },
    },
  }

  return {
    plugin,
    /** The line between the page and the hub. */
    line: () => front,
    start(own: PushServer) {
      hub = own
      const publish = (message: DeskMessage) =>
        own.publish(ORDERS, JSON.stringify(message), { contentType: 'application/json' })
      const opened = (desk = createDesk({ publish }))
      const line = (front = openFront(own))
      return () => {
        opened.close()
        void line.then((open) => open.close())
      }
    },
  }
}

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Plugin } from 'vite'
import { pushHub } from '../../src/vite/index.ts'
import type { Authorize } from '../../src/hub/index.ts'
import { isOwnPost, json } from './json-response.ts'
import { FORBIDDEN, openFront, type Front } from './fronts.ts'
import { readMachine } from './metrics.ts'
import { networkPage } from './network.ts'
import { ORDERS, orderDesk } from './orders.ts'
import { pushNodes } from './push-nodes.ts'
import type { PushServer } from './push-server.ts'
import type { Report, Welcome } from './report.ts'
import { ruffle } from './ruffle.ts'
import { stoppable } from './stoppable.ts'

/** The techniques of the page's cards, in historical order. */
const TECHNIQUES = [
  'polling',
  'longPolling',
  'iframeStream',
  'xhrStream',
  'fetchStream',
  'sse',
  'eventSource',
  'flashSocket',
  'webSocket',
]

const FAULTS = {
  drop: ({ proxy }) => proxy.drop(),
  stall: ({ proxy }) => proxy.stall(),
  refuse({ proxy }) {
    proxy.refuse(true)
    proxy.drop()
  },
  hang({ proxy }) {
    proxy.hang(true)
    proxy.drop()
  },
  buffer: ({ proxy }) => proxy.buffer(true),
  slow: ({ proxy }) => proxy.slow(500),
  forbid({ proxy, forbid }) {
    forbid(true)
    proxy.drop()
  },
  heal({ proxy, forbid }) {
    forbid(false)
    proxy.resume()
  },
} satisfies Record<string, (front: Front) => void>

/** The intervals of the machine's messages, in ms. */
const INTERVALS = [100, 1_000, 10_000]

/** A page without requests for this long gets no more reports, in ms. */
const GONE = 60_000

/**
 * The playground's server: the hub on the page's own origin, or nodes of nginx with Nchan behind it. It publishes the
 * state of this machine ten times a second. Each technique has its own port, with a network that can be broken.
 */
export function playgroundServer({ by }: { by: 'hub' | 'nchan' }): Plugin[] {
  const ports = new Set<number>()
  const fronts = new Map<string, Front>()
  const faults: Record<string, string> = {}
  const machine = readMachine()
  const orders = orderDesk()
  const network = networkPage()
  const own = stoppable()
  let hub: PushServer | undefined
  let opened: Promise<unknown> = Promise.resolve()
  let interval = 100
  let ticks: NodeJS.Timeout | undefined

  const publish = (channel: string, value: unknown) =>
    hub?.publish(channel, JSON.stringify(value), { contentType: 'application/json' })
  const pace = (every: number) => {
    interval = every
    clearInterval(ticks)
    ticks = setInterval(() => publish('machine', machine.tick()), every)
  }
  const welcome = (): Welcome => {
    const page = randomUUID()
    const bases = Object.fromEntries([...fronts].map(([name, { url }]) => [name, `${url}/${page}`]))
    const publisher = hub?.publisher?.()
    return { page, at: Date.now(), bases, nodes: hub?.nodes?.() ?? {}, ...(publisher !== undefined && { publisher }) }
  }
  const report = () => {
    const pages = new Set([...fronts.values()].flatMap((front) => front.pages(GONE)))
    for (const page of pages) {
      const costs: Report['costs'] = {}
      for (const [name, front] of fronts) {
        const cost = front.cost(page)
        if (cost) costs[name] = cost
      }
      publish(`reports-${page}`, {
        at: Date.now(),
        interval,
        faults,
        costs,
        nodes: hub?.nodes?.() ?? {},
      } satisfies Report)
    }
  }
  const inflict = (technique: string, front: Front, fault: keyof typeof FAULTS) => {
    if (fault === 'drop') return FAULTS.drop(front)
    FAULTS.heal(front)
    FAULTS[fault](front)
    if (fault === 'heal') delete faults[technique]
    else faults[technique] = fault
  }

  const setup = (made: PushServer) => {
    hub = made
    // Nchan serves no TCP.
    const supported = TECHNIQUES.filter((name) => by !== 'nchan' || name !== 'flashSocket')
    opened = Promise.all(supported.map(async (name) => fronts.set(name, await openFront(made))))
    pace(interval)
    const reports = setInterval(report, 1_000)
    const stopOrders = orders.start(made)
    const stopNetwork = network.start(made)
    return () => {
      stopOrders()
      stopNetwork()
      clearInterval(ticks)
      clearInterval(reports)
      machine.stop()
      for (const front of fronts.values()) void front.close()
    }
  }

  /** The routes of the page's buttons. */
  const press = async ([kind, first = '', second = '']: string[]): Promise<boolean> => {
    if (kind === 'hub' && (first === 'stop' || first === 'start')) {
      for (const [name, front] of fronts) inflict(name, front, first === 'stop' ? 'refuse' : 'heal')
      own[first]()
      return true
    }
    if (kind === 'nodes' && Object.hasOwn(hub?.nodes?.() ?? {}, first) && (second === 'kill' || second === 'start')) {
      await hub?.power?.(first, second === 'start')
      return true
    }
    if (kind === 'interval' && INTERVALS.includes(Number(first))) {
      pace(Number(first))
      return true
    }
    if (kind !== 'faults' || !Object.hasOwn(FAULTS, second)) return false
    const front = first === ORDERS ? await orders.line() : fronts.get(first)
    if (!front) return false
    inflict(first, front, second as keyof typeof FAULTS)
    return true
  }

  const control = async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const [, kind = '', ...rest] = (request.url ?? '').split('/')
    if (kind === 'board') {
      // Reads the cursor before the state, so that a message in between is applied twice rather than never.
      const cursor = await hub?.cursor('machine')
      return json(response, 200, { cursor, state: machine.board })
    }
    if (kind === 'techniques') {
      await opened
      return json(response, 200, welcome())
    }
    if (!['faults', 'hub', 'interval', 'nodes'].includes(kind)) return next()
    if (!isOwnPost(request)) return json(response, 403, 'only this page breaks its network')
    if (!(await press([kind, ...rest])))
      return json(
        response,
        404,
        `/faults/<${TECHNIQUES.join('|')}>/<${Object.keys(FAULTS).join('|')}>, /hub/<stop|start>, /interval/<${INTERVALS.join('|')}>, /nodes/<A|B>/<kill|start>`,
      )
    report()
    json(response, 200, kind === 'nodes' ? hub?.nodes?.() : rest)
  }

  const authorize: Authorize = ({ action, channel, headers }) => {
    if (headers[FORBIDDEN]) return { status: 403, reason: 'forbidden by the network panel' }
    return channel === ORDERS && action !== 'subscribe' && action !== 'state'
      ? { status: 403, reason: 'only the desk publishes orders' }
      : true
  }

  return [
    {
      name: 'playground:control',
      configureServer({ middlewares, httpServer }) {
        middlewares.use(own.pass)
        httpServer?.on('upgrade', own.passUpgrade)
        middlewares.use((request, response, next) => void control(request, response, next))
        httpServer?.on('listening', () => void ports.add((httpServer.address() as AddressInfo).port))
      },
    },
    by === 'nchan'
      ? pushNodes({ authorize, setup })
      : pushHub({
          // A stalled connection is detected after heartbeat and grace: ten seconds, here.
          heartbeat: 5_000,
          allowedOrigins: (origin) => ports.has(Number(new URL(origin).port)),
          authorize,
          tcp: {},
          setup,
        }),
    ruffle(),
    orders.plugin,
    network.plugin,
  ]
}

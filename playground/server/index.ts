import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Plugin } from 'vite'
import { pushHub } from '../../src/vite/index.ts'
import type { Hub } from '../../src/hub/index.ts'
import { isOwnPost, json } from './answer.ts'
import { openFront, type Front } from './fronts.ts'
import { readMachine } from './metrics.ts'
import { ORDERS, orderDesk } from './orders.ts'

/** The cards of the page, in the order of history. */
const TECHNIQUES = [
  'polling',
  'longPolling',
  'iframeStream',
  'xhrStream',
  'fetchStream',
  'sse',
  'eventSource',
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
  heal: ({ proxy }) => proxy.resume(),
} satisfies Record<string, (front: Front) => void>

/**
 * The playground's server: the hub on the page's own origin, fed ten times a second with what this machine does, and
 * for each technique a port of its own with a network that can be broken.
 */
export function playgroundServer(): Plugin[] {
  const ports = new Set<number>()
  const fronts = new Map<string, Front>()
  const machine = readMachine()
  const orders = orderDesk()
  let hub: Hub | undefined

  const setup = (own: Hub) => {
    hub = own
    for (const name of TECHNIQUES) void openFront(own).then((front) => fronts.set(name, front))
    const publish = (channel: string, value: unknown) =>
      own.publish(channel, JSON.stringify(value), { contentType: 'application/json' })
    const ticks = setInterval(() => publish('machine', machine.tick()), 100)
    const costs = setInterval(
      () => publish('costs', Object.fromEntries([...fronts].map(([name, front]) => [name, front.cost()]))),
      1_000,
    )
    const stopOrders = orders.start(own)
    return () => {
      stopOrders()
      clearInterval(ticks)
      clearInterval(costs)
      machine.stop()
      for (const front of fronts.values()) void front.close()
    }
  }

  const control = async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const [, kind, technique = '', fault = ''] = (request.url ?? '').split('/')
    if (kind === 'board') {
      // The place first, then the state: what comes in between is applied twice rather than never.
      const cursor = hub?.cursor('machine')
      return json(response, 200, { cursor, state: machine.board })
    }
    if (kind === 'techniques')
      return json(response, 200, Object.fromEntries([...fronts].map(([name, { url }]) => [name, url])))
    if (kind !== 'faults') return next()
    if (!isOwnPost(request)) return json(response, 403, 'only this page breaks its network')
    const act = Object.hasOwn(FAULTS, fault) ? FAULTS[fault as keyof typeof FAULTS] : undefined
    const front = technique === ORDERS ? await orders.line() : fronts.get(technique)
    if (!act || !front)
      return json(response, 404, `faults are ${Object.keys(FAULTS).join(', ')}, techniques ${TECHNIQUES.join(', ')}`)
    act(front)
    json(response, 200, fault)
  }

  return [
    // A stalled link is noticed after heartbeat and timeout: ten seconds, here.
    pushHub({
      heartbeat: 5_000,
      origins: (origin) => ports.has(Number(new URL(origin).port)),
      authorize: ({ action, channel }) =>
        channel === ORDERS && action !== 'subscribe' && action !== 'state'
          ? { status: 403, reason: 'only the desk publishes orders' }
          : true,
      setup,
    }),
    {
      name: 'playground:control',
      configureServer({ middlewares, httpServer }) {
        middlewares.use((request, response, next) => void control(request, response, next))
        httpServer?.on('listening', () => void ports.add((httpServer.address() as AddressInfo).port))
      },
    },
    orders.plugin,
  ]
}

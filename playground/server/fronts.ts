import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createFaultProxy, type FaultProxy } from '../../test/servers/fault-proxy.ts'
import { createMeter, type Carried, type Cost, type Meter } from './meter.ts'
import type { PushServer } from './push-server.ts'

/** A header that no page can send here: the front says by it whom the hub is to refuse. */
export const FORBIDDEN = 'x-playground-forbidden'

/** One technique's own way to the hub: a port, so that its connections compete with no other's, and a network to break. */
export interface Front {
  url: string
  proxy: FaultProxy
  /** Has the hub answer 403. */
  forbid(on: boolean): void
  /** What a page has cost so far; pages are told apart by the first part of the path. */
  cost(page: string): Cost | undefined
  /** The pages that were here within so many ms. */
  pages(within: number): string[]
  close(): Promise<void>
}

/** How many pages are remembered. */
const MOST_PAGES = 100

export async function openFront(hub: PushServer): Promise<Front> {
  const meters = new Map<string, Meter>()
  const carried: Carried = new WeakMap()
  let forbidding = false

  const meterOf = (page: string) => {
    const meter = meters.get(page) ?? createMeter(carried)
    meters.set(page, meter)
    const [oldest] = meters.keys()
    if (meters.size > MOST_PAGES && oldest !== undefined) meters.delete(oldest)
    return meter
  }
  /** Takes the page's name off the path, so that the hub sees its own, and begins to count. */
  const admit = (request: { url?: string | undefined; headers: NodeJS.Dict<string | string[]>; socket: Socket }) => {
    const [, page, rest] = /^\/([\w-]+)(\/push\/.*)$/.exec(request.url ?? '') ?? []
    if (rest) request.url = rest
    if (forbidding) request.headers[FORBIDDEN] = '1'
    else delete request.headers[FORBIDDEN]
    return page === undefined ? () => {} : meterOf(page).asked(request.socket)
  }

  const server = createServer((request, response) => {
    const done = admit(request)
    // Whoever leaves early has had what came so far; 304 is a poll's word for nothing new.
    response.on('close', () => done(response.statusCode === 200))
    if (!hub.handle(request, response)) response.writeHead(404).end()
  })
  server.on('upgrade', (request, socket, head) => {
    const done = admit(request)
    socket.on('error', () => {})
    socket.on('close', () => done(true))
    if (!hub.upgrade(request, socket, head)) socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await createFaultProxy({ port: (server.address() as AddressInfo).port })
  return {
    url: proxy.url,
    proxy,
    forbid: (on) => void (forbidding = on),
    cost: (page) => meters.get(page)?.cost(),
    pages: (within) => [...meters].filter(([, meter]) => Date.now() - meter.seen() < within).map(([page]) => page),
    async close() {
      await proxy.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

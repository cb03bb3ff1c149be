import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createFaultProxy, type FaultProxy } from '../../test/servers/fault-proxy.ts'
import { createMeter, type ConnectionBytes, type Cost, type Meter } from './meter.ts'
import type { PushServer } from './push-server.ts'

/** A header that pages cannot send: the front marks requests that the hub must reject. */
export const FORBIDDEN = 'x-playground-forbidden'

/** One technique's route to the hub: its own port, so that techniques share no connections, and its own network faults. */
export interface Front {
  url: string
  proxy: FaultProxy
  /** Lets the hub respond with 403. */
  forbid(on: boolean): void
  /** Returns the costs of a page, which the first part of the path identifies. */
  cost(page: string): Cost | undefined
  /** Returns the pages with a request within the last `within` ms. */
  pages(within: number): string[]
  close(): Promise<void>
}

/** The number of pages whose costs are stored. */
const MOST_PAGES = 100

export async function openFront(hub: PushServer): Promise<Front> {
  const meters = new Map<string, Meter>()
  const counted: ConnectionBytes = new WeakMap()
  let forbidding = false

  const meterOf = (page: string) => {
    const meter = meters.get(page) ?? createMeter(counted)
    meters.set(page, meter)
    const [oldest] = meters.keys()
    if (meters.size > MOST_PAGES && oldest !== undefined) meters.delete(oldest)
    return meter
  }
  /** Removes the page's name from the path, and starts to count. */
  const admit = (request: { url?: string | undefined; headers: NodeJS.Dict<string | string[]>; socket: Socket }) => {
    const [, page, rest] = /^\/([\w-]+)(\/push\/.*)$/.exec(request.url ?? '') ?? []
    if (rest) request.url = rest
    if (forbidding) request.headers[FORBIDDEN] = '1'
    else delete request.headers[FORBIDDEN]
    return page === undefined ? () => {} : meterOf(page).asked(request.socket)
  }

  const server = createServer((request, response) => {
    const done = admit(request)
    // A request that is aborted has received its data so far. 304 means that a poll found no new messages.
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

import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHub, type HubOptions } from '../../src/hub/index.ts'
import { obey } from '../../test/servers/remote.ts'
import { memory } from './memory.ts'

let hub = createHub()

const orders = {
  /** Serves a hub and the files of a page, and returns the port. */
  async serve(options: HubOptions, files: readonly (readonly [path: string, text: string])[] = []) {
    hub = createHub(options)
    await hub.listenTcp()
    const pages = new Map(files)
    const server = createServer((request, response) => {
      if (hub.handle(request, response)) return
      const { pathname } = new URL(request.url ?? '/', 'http://localhost')
      if (pathname.startsWith('/ruffle/')) {
        if (pathname.endsWith('.wasm')) response.setHeader('Content-Type', 'application/wasm')
        return void createReadStream(`node_modules/@ruffle-rs${pathname}`).pipe(response)
      }
      response.setHeader('Content-Type', pathname.endsWith('.js') ? 'text/javascript' : 'text/html')
      response.end(pages.get(pathname) ?? '')
    })
    server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve))
    return (server.address() as AddressInfo).port
  },
  /** Publishes messages numbered from `from`, each with `padding` more characters. */
  publish(channel: string, from: number, count: number, padding: number) {
    const text = 'x'.repeat(padding)
    for (let n = from; n < from + count; n += 1) {
      hub.publish(
        channel,
        JSON.stringify({ n, symbol: 'ACME', price: 100 + (n % 977) / 100, name: 'Größe ✓ #', text }),
        {
          contentType: 'application/json',
        },
      )
    }
  },
  /** Publishes numbered trades at a steady rate, and resolves after the last. */
  stream: (channel: string, from: number, count: number, perSecond: number, keys: number) =>
    new Promise<void>((resolve) => {
      const began = performance.now()
      let n = 0
      const clock = setInterval(() => {
        const due = Math.min(count, ((performance.now() - began) * perSecond) / 1_000)
        for (; n < due; n += 1) {
          const trade = { n: from + n, key: `K${(from + n) % keys}`, price: 100 + (n % 977) / 100, name: 'Größe ✓' }
          hub.publish(channel, JSON.stringify(trade), { contentType: 'application/json' })
        }
        if (n < count) return
        clearInterval(clock)
        resolve()
      }, 2)
    }),
  end: (channel: string) => hub.delete(channel),
  subscribers: (channel: string) => hub.state(channel)?.subscribers ?? 0,
  memory,
}
export type HubOrders = typeof orders

obey(orders)

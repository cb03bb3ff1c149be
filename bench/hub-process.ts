import { fork } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHub, type HubOptions } from '../src/hub/index.ts'

/** What the hub's process is told to do; each is answered when it is done. */
type Order =
  | { do: 'serve'; options: HubOptions; files: [string, string][] }
  | { do: 'publish'; channel: string; bodies: string[] }
  | { do: 'delete'; channel: string }
  | { do: 'subscribers'; channel: string }
  | { do: 'memory' }

/** A hub in a process of its own, which also serves a page. */
export interface HubProcess {
  url: string
  publish(channel: string, bodies: string[]): Promise<void>
  delete(channel: string): Promise<void>
  subscribers(channel: string): Promise<number>
  /** After all that could go has gone, in bytes. */
  memory(): Promise<{ rss: number; heap: number }>
  stop(): void
}

export async function hubProcess(
  options: HubOptions = {},
  files: ReadonlyMap<string, string | Uint8Array> = new Map(),
): Promise<HubProcess> {
  const child = fork(new URL('../scripts/bench-hub.mjs', import.meta.url))
  const ask = (order: Order) =>
    new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`the hub's process ended with ${code}`)))
      child.send(order)
    })
  const texts = [...files].map(([path, text]): [string, string] => [path, String(text)])
  return {
    url: String(await ask({ do: 'serve', options, files: texts })),
    async publish(channel, bodies) {
      await ask({ do: 'publish', channel, bodies })
    },
    async delete(channel) {
      await ask({ do: 'delete', channel })
    },
    subscribers: async (channel) => Number(await ask({ do: 'subscribers', channel })),
    memory: async () => (await ask({ do: 'memory' })) as { rss: number; heap: number },
    stop: () => void child.kill(),
  }
}

/** What runs in that process. */
export function beHub(): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let hub = createHub()

  const serve = async (options: HubOptions, files: ReadonlyMap<string, string>) => {
    hub = createHub(options)
    const server = createServer((request, response) => {
      if (hub.handle(request, response)) return
      const path = new URL(request.url ?? '/', 'http://localhost').pathname
      response.setHeader('Content-Type', path.endsWith('.js') ? 'text/javascript' : 'text/html')
      response.end(files.get(path) ?? '')
    })
    server.on('upgrade', (request, socket, head) => hub.upgrade(request, socket, head))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', 4_096, resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  const obey = async (order: Order): Promise<unknown> => {
    switch (order.do) {
      case 'serve':
        return serve(order.options, new Map(order.files))
      case 'publish':
        for (const body of order.bodies) hub.publish(order.channel, body, { contentType: 'application/json' })
        return true
      case 'delete':
        return hub.delete(order.channel)
      case 'subscribers':
        return hub.state(order.channel)?.subscribers ?? 0
      case 'memory': {
        collect()
        const { rss, heapUsed, external } = process.memoryUsage()
        return { rss, heap: heapUsed + external }
      }
    }
  }
  process.on('message', (order: Order) => void obey(order).then((answer) => process.send?.(answer)))
  process.on('disconnect', () => process.exit())
}

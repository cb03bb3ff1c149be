import type { AddressInfo } from 'node:net'
import type { Authorize } from '../../src/hub/index.ts'
import { createGuard } from '../../deploy/guard.mjs'
import { freePort } from './free-port.ts'
import { start } from './started.ts'

/** What nginx asks before each subscription. */
export interface Guard {
  port: number
  close(): Promise<unknown>
}

/** Starts what a node asks, told where that node's channels are published to. */
export type StartGuard = (publisher: string) => Promise<Guard>

/** The deployed guard in this process, one for each node. `asked`: how many requests came to all. */
export function guards(authorize: Authorize = () => true): { start: StartGuard; asked(): number } {
  let asked = 0
  return {
    asked: () => asked,
    async start(publisher) {
      // A test that takes Redis away knows it.
      const server = createGuard({ publisher, authorize, log: () => {} })
      server.on('request', () => (asked += 1))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      return {
        port: (server.address() as AddressInfo).port,
        close() {
          server.closeAllConnections()
          return new Promise((resolve) => server.close(resolve))
        },
      }
    },
  }
}

/** The deployed guard as it is deployed: a process of its own, which signs with a secret. */
export const guardProcess =
  (secret: string): StartGuard =>
  async (publisher) => {
    const port = await freePort()
    const script = new URL('../../deploy/guard.mjs', import.meta.url).pathname
    const env = { GUARD_PORT: String(port), PUBLISHER: publisher, PUSH_SECRET: secret }
    const { stop } = await start(process.execPath, [script], port, 'Node 20.19 or later', env)
    return { port, close: stop }
  }

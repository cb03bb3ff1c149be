import { createServer, type AddressInfo } from 'node:net'
import { serveLines } from './line-socket.ts'
import { checkReach } from './reach.ts'
import type { Serving } from './requests.ts'
import type { Tunnels } from './tunnels.ts'

export interface TcpOptions {
  /** 0 takes a free one. @default 0 */
  port?: number
  /** A loopback address; another one only where the hub has `authorize`. @default '127.0.0.1' */
  host?: string
}

export interface TcpListening {
  readonly port: number
  /** Stops listening; connections that stand go on. */
  close(): void
}

/** Serves channels over TCP, as lines (PROTOCOL.md section 10), and leads the tunnel at the hub's path there. */
export async function listenTcp(
  serving: Serving,
  tunnels: Tunnels,
  { port = 0, host = '127.0.0.1' }: TcpOptions = {},
): Promise<TcpListening> {
  checkReach(host, serving.authorize !== undefined)
  const server = createServer((socket) =>
    serveLines(socket, serving, () => {
      const through = tunnels.visitor(socket.remotePort)
      return through
        ? { headers: through.headers, address: serving.address(through), entered: true }
        : { headers: {}, address: socket.remoteAddress ?? '', entered: false }
    }),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  tunnels.lead({ host: LOOPBACK[host] ?? host, port: bound })
  return { port: bound, close: () => void server.close() }
}

/** How what listens everywhere is reached from here. */
const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

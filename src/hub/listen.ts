import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { TcpListening, TcpOptions } from './listen-tcp.ts'
import { checkReach } from './reach.ts'
import { refuse, refuseUpgrade } from './refusal.ts'

export interface ListenOptions {
  /** 0 takes a free one. @default 0 */
  port?: number
  /** A loopback address; another one only where the hub has `authorize`. @default '127.0.0.1' */
  host?: string
  /** Listens for lines over TCP too, for `flashSocket()`: `listenTcp`. @default nothing does */
  tcp?: TcpOptions
}

export interface Listening {
  /** Where channels are not yet: `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  /** Where lines are spoken, if `tcp` was asked for. */
  readonly tcpPort: number | undefined
  /** Stops listening and ends every connection; resolves when all are gone. */
  close(): Promise<void>
}

/** What is served. */
interface Handler {
  handle(request: IncomingMessage, response: ServerResponse): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  listenTcp(options: TcpOptions): Promise<TcpListening>
  close(): Promise<void>
  /** Whether it asks who may do what, so that others may reach it. */
  readonly guarded: boolean
}

const NO_CHANNEL = { status: 404, line: 'no channel is here' }

/** Serves a hub on a port of its own. */
export async function listen(
  hub: Handler,
  { port = 0, host = '127.0.0.1', tcp }: ListenOptions = {},
): Promise<Listening> {
  checkReach(host, hub.guarded)
  // A head or a body that trickles in holds a connection no longer than this.
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 60_000 }, (request, response) => {
    if (!hub.handle(request, response)) refuse(response, NO_CHANNEL)
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    if (!hub.upgrade(request, socket, head)) refuseUpgrade(socket, NO_CHANNEL)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  const lines = tcp && (await hub.listenTcp(tcp))
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    tcpPort: lines?.port,
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      await hub.close()
      // Streams were told to come back; what is left has nothing more to say.
      server.closeAllConnections()
      await closed
    },
  }
}

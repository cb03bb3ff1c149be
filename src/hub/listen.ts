import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TcpListening, TcpOptions } from './listen-tcp.ts'
import { ambiguity } from './http/route.ts'
import { inTurn } from './http/in-turn.ts'
import { listening } from './listening.ts'
import { refuse, refuseUpgrade, type Refusal } from './http/http-errors.ts'
import type { Report } from './report.ts'
import { limitSockets, type SocketLimits } from './security/socket-limits.ts'
import type { StallWatch } from './connections/stall-watch.ts'

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
  readonly report: Report
  readonly stalls: StallWatch
  readonly sockets: SocketLimits
}

/**
 * A head or a body that trickles in, and a connection that says nothing, are cut after this, in ms. Node looks for them
 * every half minute by itself, so that they would hold a connection up to half a minute longer.
 */
const SLOW_REQUESTS = { headersTimeout: 20_000, requestTimeout: 60_000, connectionsCheckingInterval: 1_000 }

/** Serves a hub on a port of its own. */
export async function listen(
  hub: Handler,
  { port = 0, host = '127.0.0.1', tcp }: ListenOptions = {},
): Promise<Listening> {
  const server = createServer(SLOW_REQUESTS, (request, response) => {
    if (hub.handle(request, response)) return
    inTurn(request, response, hub.stalls, () => refuse(response, nothingAt(request)))
  })
  server.on('upgrade', (request, socket, head) => {
    if (hub.upgrade(request, socket, head)) return
    socket.on('error', () => {})
    hub.stalls.addEnd(socket)
    refuseUpgrade(socket, nothingAt(request))
  })
  limitSockets(server, hub.sockets)
  const bound = await listening(server, { port, host }, hub.report)
  const stop = () => new Promise<void>((resolve) => void server.close(() => resolve()))
  try {
    const lines = tcp && (await hub.listenTcp(tcp))
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
      port: bound,
      tcpPort: lines?.port,
      async close() {
        const closed = stop()
        await hub.close()
        // Streams were told to come back; what is left has nothing more to say.
        server.closeAllConnections()
        await closed
      },
    }
  } catch (error) {
    // Of two listeners both stand or none.
    const closed = stop()
    server.closeAllConnections()
    await closed
    throw error
  }
}

/** The answer where the hub has nothing: a target that could be read in two ways gets no other answer than under its path. */
function nothingAt({ url = '' }: IncomingMessage): Refusal {
  const ambiguous = ambiguity(url)
  return ambiguous === undefined ? { status: 404, line: 'no channel is here' } : { status: 400, line: ambiguous }
}

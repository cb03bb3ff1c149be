import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { checkPort } from './check-options.ts'
import { serveTcpConnection } from './connections/tcp-connection.ts'
import type { Tunnels } from './connections/tunnels.ts'
import type { HubContext } from './hub-context.ts'
import { ambiguity } from './http/route.ts'
import { NOT_FOUND, refuseUpgrade, sendRefusal, type Refusal } from './http/http-errors.ts'
import { respondInOrder } from './http/pipelining.ts'
import type { Report } from './report.ts'
import { peerAddress } from './security/client-address.ts'
import { anonymousClient } from './security/identify-client.ts'
import { limitSockets, type SocketLimits } from './security/socket-limits.ts'
import type { StallWatch } from './connections/stall-watch.ts'

export interface TcpOptions {
  /** The port. 0 selects a free one. @default 0 */
  port?: number
  /** The address to listen on. Without `authorize`, only a loopback address is allowed. @default '127.0.0.1' */
  host?: string
}

export interface ListenOptions extends TcpOptions {
  /** Listens for lines over TCP too, as `listenTcp` does. `flashSocket()` needs it. @default undefined */
  tcp?: TcpOptions
}

export interface TcpListening {
  readonly port: number
  /** Stops listening. Open connections continue. */
  close(): void
}

export interface Listening {
  /** The origin of the server, such as `http://127.0.0.1:7780`. Channels are under it and `path`. */
  readonly url: string
  readonly port: number
  /** The port for lines over TCP. Undefined without the option `tcp`. */
  readonly tcpPort: number | undefined
  /** Closes the hub, as `hub.close()` does. */
  close(): Promise<void>
}

/** A server of the hub, which stops with the hub. */
export interface HubServer {
  /** Stops listening. Open connections continue. */
  stop(): void
  /** Closes the connections that are left. Resolves when the server is closed. */
  finish(): Promise<void>
}

/** The hub as its server uses it. */
interface Handler {
  handle(request: IncomingMessage, response: ServerResponse): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  listenTcp(options: TcpOptions): Promise<TcpListening>
  readonly report: Report
  readonly stalls: StallWatch
  readonly sockets: SocketLimits
}

/**
 * How long a head, a body or a connection without a request may take, in ms. Node checks them every 30 seconds by
 * default, so that a connection would stay up to half a minute longer.
 */
const REQUEST_TIMEOUTS = { headersTimeout: 20_000, requestTimeout: 60_000, connectionsCheckingInterval: 1_000 }

/** Serves a hub over HTTP on a port of its own, until `stop` and `finish` are called. */
export async function listen(
  hub: Handler,
  { port = 0, host = '127.0.0.1', tcp }: ListenOptions = {},
): Promise<Omit<Listening, 'close'> & HubServer> {
  const server = createServer(REQUEST_TIMEOUTS, (request, response) => {
    if (hub.handle(request, response)) return
    respondInOrder(request, response, hub.stalls, () => sendRefusal(response, refusalOutside(request)))
  })
  server.on('upgrade', (request, socket, head) => {
    if (hub.upgrade(request, socket, head)) return
    socket.on('error', () => {})
    hub.stalls.addEnd(socket)
    refuseUpgrade(socket, refusalOutside(request))
  })
  limitSockets(server, hub.sockets)
  const boundPort = await bind(server, { port, host }, hub.report)
  const closed = new Promise<void>((resolve) => void server.once('close', resolve))
  const stop = () => void server.close()
  const finish = async () => {
    // The hub has ended its streams. The connections that are left are idle.
    server.closeAllConnections()
    await closed
  }
  try {
    const tcpListening = tcp && (await hub.listenTcp(tcp))
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
      port: boundPort,
      tcpPort: tcpListening?.port,
      stop,
      finish,
    }
  } catch (error) {
    // Without the TCP server, the HTTP server does not listen either.
    stop()
    await finish()
    throw error
  }
}

/** Serves channels over TCP, as lines (PROTOCOL.md section 10), and opens the tunnel at the hub's path to them. */
export async function listenTcp(
  context: HubContext,
  tunnels: Tunnels,
  sockets: SocketLimits,
  { port = 0, host = '127.0.0.1' }: TcpOptions = {},
): Promise<TcpListening> {
  const server = createTcpServer({ noDelay: true }, (socket) =>
    serveTcpConnection(socket, context, anonymousClient(peerAddress(socket.remoteAddress)), false),
  )
  limitSockets(server, sockets)
  const boundPort = await bind(server, { port, host }, context.report)
  server.once('close', tunnels.openLines())
  return { port: boundPort, close: () => void server.close() }
}

/**
 * Starts a server and returns its port. It rejects with `invalid-option` for an invalid port, and with the error of the
 * server if it cannot listen. Later errors are logged.
 */
async function bind(server: Server, address: { port: number; host: string }, report: Report): Promise<number> {
  checkPort('port', address.port, 0)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(address, () => {
      server.off('error', reject)
      // For example, no file descriptor is free for a connection. The other connections continue.
      server.on('error', (error) => report('A connection could not be accepted', error))
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Refuses a target outside of the hub. An ambiguous target has the same status here as under the hub's path. */
function refusalOutside({ url = '' }: IncomingMessage): Refusal {
  const ambiguous = ambiguity(url)
  return ambiguous === undefined ? NOT_FOUND : { status: 400, message: ambiguous }
}

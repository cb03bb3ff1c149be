import { createServer } from 'node:net'
import { peerAddress } from './security/client-address.ts'
import { serveLines } from './connections/tcp-connection.ts'
import { listening } from './listening.ts'
import type { Serving } from './serving.ts'
import { limitSockets, type SocketLimits } from './security/socket-limits.ts'
import type { Tunnels } from './connections/tunnels.ts'

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

/** Serves channels over TCP, as lines (PROTOCOL.md section 10), and opens the tunnel at the hub's path to them. */
export async function listenTcp(
  serving: Serving,
  tunnels: Tunnels,
  sockets: SocketLimits,
  { port = 0, host = '127.0.0.1' }: TcpOptions = {},
): Promise<TcpListening> {
  const server = createServer({ noDelay: true }, (socket) =>
    serveLines(socket, serving, serving.admission.anonymous(peerAddress(socket.remoteAddress)), false),
  )
  limitSockets(server, sockets)
  const bound = await listening(server, { port, host }, serving.report)
  server.once('close', tunnels.openLines())
  return { port: bound, close: () => void server.close() }
}

import type { Server, Socket } from 'node:net'
import { limitKey, peerAddress } from './client-address.ts'

export interface SocketLimits {
  /** Requests and WebSockets at a time. */
  readonly maxConnections: number
  /** Requests and WebSockets of one address at a time. */
  readonly maxConnectionsPerAddress: number
  /** Whether an address belongs to a trusted proxy, whose connections are those of many clients. */
  readonly isTrusted: (address: string) => boolean
}

/** Room for idle connections, which have no request that the hub's limits count. */
const IDLE_CONNECTIONS = 64

/**
 * Limits the open sockets of a server, with or without a request: idle connections take descriptors too. A socket above
 * the limit is destroyed. The hub's own limits, which send a response, are lower.
 */
export function limitSockets(
  server: Server,
  { maxConnections, maxConnectionsPerAddress, isTrusted }: SocketLimits,
): void {
  const present = new Map<string, number>()
  server.maxConnections = 2 * maxConnections + IDLE_CONNECTIONS
  server.on('connection', (socket: Socket) => {
    const peer = peerAddress(socket.remoteAddress)
    if (isTrusted(peer)) return
    const key = limitKey(peer)
    const count = present.get(key) ?? 0
    if (count >= 2 * maxConnectionsPerAddress + IDLE_CONNECTIONS) return void socket.destroy()
    present.set(key, count + 1)
    socket.once('close', () => {
      const left = (present.get(key) ?? 1) - 1
      if (left > 0) present.set(key, left)
      else present.delete(key)
    })
  })
}

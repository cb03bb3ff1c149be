import type { Server, Socket } from 'node:net'
import { limitKey, peerAddress } from './client-address.ts'

export interface SocketLimits {
  /** Connections in all. */
  readonly most: number
  /** Connections of one address. */
  readonly mostOfOne: number
  /** Whether an address is a trusted proxy's: its connections are those of many. */
  readonly isTrusted: (address: string) => boolean
}

/** Room for connections on which nothing is asked now, beside those that the hub's own limits count. */
const SPARE = 64

/**
 * Bounds the connections of a listener, whatever is asked on them: those that say nothing, and those that stay between
 * two requests, take descriptors too. What is above is destroyed. The hub's own limits, which have an answer, are lower.
 */
export function limitSockets(server: Server, { most, mostOfOne, isTrusted }: SocketLimits): void {
  const present = new Map<string, number>()
  server.maxConnections = 2 * most + SPARE
  server.on('connection', (socket: Socket) => {
    const peer = peerAddress(socket.remoteAddress)
    if (isTrusted(peer)) return
    const key = limitKey(peer)
    const count = present.get(key) ?? 0
    if (count >= 2 * mostOfOne + SPARE) return void socket.destroy()
    present.set(key, count + 1)
    socket.once('close', () => {
      const left = (present.get(key) ?? 1) - 1
      if (left > 0) present.set(key, left)
      else present.delete(key)
    })
  })
}

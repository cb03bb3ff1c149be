import { connect, type Socket } from 'node:net'
import type { Random } from './random.ts'

/** Where a hub can be reached, and what it was given to be attacked by. */
export interface Doors {
  readonly port: number
  readonly tcpPort: number
  /** Where the same hub is mounted in an HTTP/2 server, if it is. */
  readonly http2Port?: number | undefined
  /** Its `authorize` returns invalid values if `?odd=` requests it. */
  readonly odd: boolean
  /** The paths of its tunnels. */
  readonly tunnels: readonly string[]
}

/** Sockets of attackers, each from its own address, so that they only use up their own limits. */
export interface Attackers {
  readonly doors: Doors
  /** What is received is discarded. An error ends it, which `close` reports. */
  open(random: Random, port: number): Socket
  /** Leaves it open until so many others of its kind have come, or the run is over; then it is reset. */
  keep(socket: Socket, kind: string, most: number): void
  /** Resets all that are open; resolves when all are closed. */
  leave(): Promise<void>
}

/** One hostile action, on one connection. Returns how many actions it was, if more than one. */
export type Attack = (random: Random, attackers: Attackers) => Promise<number | void>

export function createAttackers(doors: Doors): Attackers {
  const sockets = new Set<Socket>()
  const kept = new Map<string, Set<Socket>>()

  return {
    doors,
    open(random, port) {
      const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + random.below(250)}` })
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      return socket.resume()
    },
    keep(socket, kind, most) {
      const others = kept.get(kind) ?? new Set()
      kept.set(kind, others)
      if (socket.closed) return
      others.add(socket)
      socket.on('close', () => others.delete(socket))
      const [oldest] = others
      if (others.size > most) oldest?.resetAndDestroy()
    },
    async leave() {
      const all = [...sockets].map((socket) => closed(socket.resetAndDestroy()))
      await Promise.all(all)
    },
  }
}

/** Resolves when the connection is gone. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : void socket.once('close', () => resolve())))

/** Resolves when the kernel has taken it, or the connection is gone. */
export const write = (socket: Socket, bytes: string | Uint8Array): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : void socket.write(bytes, () => resolve())))

/** Resolves when this happened, or the connection is gone. */
export const happens = (socket: Socket, event: 'connect' | 'data'): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) return resolve()
    const done = () => {
      socket.off('close', done).off(event, done)
      resolve()
    }
    socket.on('close', done).on(event, done)
  })

/** Writes all, ends its side, and resolves when the connection is gone. */
export async function sendAndEnd(socket: Socket, bytes: string | Uint8Array): Promise<void> {
  await write(socket, bytes)
  socket.end()
  await closed(socket)
}

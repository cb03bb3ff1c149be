import type { Socket } from 'node:net'

/** The costs of a technique for one page, measured at the server. */
export interface Cost {
  requests: number
  /** Of requests and responses, with heads. */
  bytes: number
  /** Responses without a message. */
  useless: number
  /** The total time of open responses and sockets, in ms. */
  held: number
}

export interface Meter {
  /** Starts a request. Call the returned function once, at its end. */
  asked(socket: Socket): (useful: boolean) => void
  cost(): Cost
  /** The time of the last request, in ms since the epoch; now, while one is open. */
  seen(): number
}

/** The bytes of each connection at the end of its last request, because browsers reuse connections. */
export type ConnectionBytes = WeakMap<Socket, number>

/** Counts the costs of one technique for one page. */
export function createMeter(counted: ConnectionBytes): Meter {
  const ended: Cost = { requests: 0, bytes: 0, useless: 0, held: 0 }
  const open = new Set<{ socket: Socket; since: number }>()
  let last = Date.now()
  const bytesOf = (socket: Socket) => socket.bytesRead + socket.bytesWritten
  const during = ({ socket, since }: { socket: Socket; since: number }) => ({
    bytes: bytesOf(socket) - (counted.get(socket) ?? 0),
    held: Date.now() - since,
  })

  return {
    asked(socket) {
      const request = { socket, since: Date.now() }
      open.add(request)
      ended.requests += 1
      return (useful) => {
        const { bytes, held } = during(request)
        open.delete(request)
        counted.set(socket, bytesOf(socket))
        ended.bytes += bytes
        ended.held += held
        if (!useful) ended.useless += 1
        last = Date.now()
      }
    },
    cost() {
      const cost = { ...ended }
      for (const request of open) {
        const { bytes, held } = during(request)
        cost.bytes += bytes
        cost.held += held
      }
      return cost
    },
    seen: () => (open.size > 0 ? Date.now() : last),
  }
}

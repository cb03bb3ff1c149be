import type { Socket } from 'node:net'

/** What a technique has cost one page so far, as the server saw it. */
export interface Cost {
  requests: number
  /** Of requests and answers, heads and all. */
  bytes: number
  /** Answers that brought no message. */
  useless: number
  /** How long the server had an answer, or a socket, open for it, in ms in all. */
  held: number
}

export interface Meter {
  /** A request begins; what it returns is called once, at its end. */
  asked(socket: Socket): (useful: boolean) => void
  cost(): Cost
  /** When there was a request last, in ms since the epoch; now, while one is open. */
  seen(): number
}

/** What each connection had carried when the last request on it ended: browsers use one for many. */
export type Carried = WeakMap<Socket, number>

/** Counts what one page costs by one technique. */
export function createMeter(carried: Carried): Meter {
  const ended: Cost = { requests: 0, bytes: 0, useless: 0, held: 0 }
  const open = new Set<{ socket: Socket; since: number }>()
  let last = Date.now()
  const bytesOf = (socket: Socket) => socket.bytesRead + socket.bytesWritten
  const during = ({ socket, since }: { socket: Socket; since: number }) => ({
    bytes: bytesOf(socket) - (carried.get(socket) ?? 0),
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
        carried.set(socket, bytesOf(socket))
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

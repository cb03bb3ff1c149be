import net from 'node:net'

/** What is wrong with the network now. */
export interface Faults {
  stalled: boolean
  refusing: boolean
  hanging: boolean
  pieces: number | undefined
  holding: boolean
  /** The least time between two pieces of an answer, and between the last one and a cut, in ms. */
  apart: number | undefined
  cut: (() => number) | undefined
  /** How many bytes of answers may still pass, over all links; undefined: any. */
  quota: number | undefined
}

export interface ProxyStats {
  /** Accepted, in all. */
  connections: number
  /** Open now. */
  open: number
  /** Open now, of those by which the client has sent something. A browser may open one in advance. */
  used: number
  /** The most that were open at once. */
  most: number
  bytesUp: number
  bytesDown: number
  /** Connections that `cut` ended in the middle of what the server had written. */
  cuts: number
}

/** One connection through the proxy. */
export interface Link {
  /** Does what the faults say now. */
  refresh(): void
  /** Forwards nothing more, for good. */
  strand(): void
  destroy(): void
}

/** Connects a client to the target, with what the faults do to it. */
export function createLink(
  client: net.Socket,
  target: { host: string; port: number },
  faults: Faults,
  stats: ProxyStats,
): Link {
  const server = net.connect(target)
  let hung = faults.hanging
  let allowance = faults.cut?.() ?? Infinity
  let held: Buffer[] = []
  let heldUp: Buffer[] = []
  let writing = false
  let fate: 'open' | 'ended' | 'lost' = 'open'
  client.setNoDelay(true)
  server.setNoDelay(true)

  const silent = () => hung || faults.stalled
  const destroy = () => {
    client.destroy()
    server.destroy()
  }

  /** Writes what is held to the client, in pieces where that is asked for; then what became of the server. */
  const flush = () => {
    if (writing || silent() || faults.holding || faults.quota === 0 || client.destroyed) return
    const chunk = held.shift()
    if (!chunk) return settle[fate]()
    const { pieces = chunk.length, quota = Infinity } = faults
    const piece = chunk.subarray(0, Math.min(pieces, allowance, quota))
    if (faults.quota !== undefined) faults.quota -= piece.length
    if (piece.length < chunk.length) held.unshift(chunk.subarray(piece.length))
    allowance -= piece.length
    stats.bytesDown += piece.length
    writing = true
    const next = () => {
      writing = false
      if (allowance > 0) return flush()
      if (held.length > 0) stats.cuts += 1
      destroy()
    }
    const written = () => void (faults.apart === undefined ? setImmediate(next) : setTimeout(next, faults.apart))
    if (piece.length === 0) written()
    else client.write(piece, written)
  }
  const settle = {
    open: () => void server.resume(),
    ended: () => void client.end(),
    lost: destroy,
  }

  server.on('data', (chunk) => {
    held.push(chunk)
    // Only a buffering proxy takes more than it can hand on.
    if (!faults.holding) server.pause()
    flush()
  })
  server.on('end', () => {
    fate = 'ended'
    flush()
  })
  server.on('error', () => {
    fate = 'lost'
    flush()
  })

  // The client is read though the link is stalled, so that its leaving is noticed; what it says has to wait.
  const flushUp = () => {
    if (faults.stalled) return
    for (const chunk of heldUp) if (!server.write(chunk)) client.pause()
    heldUp = []
  }
  client.once('data', () => {
    stats.used += 1
    client.once('close', () => (stats.used -= 1))
  })
  client.on('data', (chunk) => {
    stats.bytesUp += chunk.length
    if (!hung) heldUp.push(chunk)
    flushUp()
  })
  server.on('drain', () => client.resume())
  client.on('error', destroy)
  client.on('close', destroy)

  return {
    refresh() {
      flushUp()
      flush()
    },
    strand() {
      hung = true
    },
    destroy,
  }
}

import net from 'node:net'

/** What the network does to the connections through it. */
export interface FaultProxy {
  readonly url: string
  readonly port: number
  /** Cuts every open connection, now. */
  drop(): void
  /** Forwards nothing more, in either direction, and closes nothing: a half-open link. */
  stall(): void
  /** Resets every new connection. */
  refuse(on: boolean): void
  /** Accepts new connections and forwards nothing. */
  hang(on: boolean): void
  /** Forwards answers in pieces of so many bytes. */
  split(bytes: number | undefined): void
  /** Holds answers back, as a buffering proxy does, until it is off. */
  buffer(on: boolean): void
  /** Cuts each new connection after so many bytes of answers; undefined: no more. */
  cut(after: (() => number) | undefined): void
  /** Ends all faults. */
  resume(): void
  readonly stats: ProxyStats
  close(): Promise<void>
}

export interface ProxyStats {
  /** Accepted, in all. */
  connections: number
  /** Open now. */
  open: number
  bytesUp: number
  bytesDown: number
  /** Connections that `cut` ended in the middle of what the server had written. */
  cuts: number
}

/** A TCP proxy on loopback that does to connections what networks do. */
export async function createFaultProxy({
  port: target,
  host = '127.0.0.1',
}: {
  port: number
  host?: string
}): Promise<FaultProxy> {
  const stats: ProxyStats = { connections: 0, open: 0, bytesUp: 0, bytesDown: 0, cuts: 0 }
  const links = new Set<Link>()
  const faults: Faults = {
    stalled: false,
    refusing: false,
    hanging: false,
    pieces: undefined,
    holding: false,
    cut: undefined,
  }

  const server = net.createServer((client) => {
    stats.connections += 1
    if (faults.refusing) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    stats.open += 1
    const link = createLink(client, { host, port: target }, faults, stats)
    links.add(link)
    client.once('close', () => {
      stats.open -= 1
      links.delete(link)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo
  const refresh = () => {
    for (const link of links) link.refresh()
  }

  const proxy: FaultProxy = {
    url: `http://127.0.0.1:${port}`,
    port,
    drop() {
      for (const link of links) link.destroy()
    },
    stall() {
      faults.stalled = true
      refresh()
    },
    refuse: (on) => void (faults.refusing = on),
    hang: (on) => void (faults.hanging = on),
    split: (bytes) => void (faults.pieces = bytes),
    buffer(on) {
      faults.holding = on
      refresh()
    },
    cut: (after) => void (faults.cut = after),
    resume() {
      Object.assign(faults, {
        stalled: false,
        refusing: false,
        hanging: false,
        pieces: undefined,
        holding: false,
        cut: undefined,
      })
      refresh()
    },
    stats,
    close() {
      proxy.drop()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
  return proxy
}

interface Faults {
  stalled: boolean
  refusing: boolean
  hanging: boolean
  pieces: number | undefined
  holding: boolean
  cut: (() => number) | undefined
}

interface Link {
  /** Does what the faults say now. */
  refresh(): void
  destroy(): void
}

/** One connection through the proxy. */
function createLink(
  client: net.Socket,
  target: { host: string; port: number },
  faults: Faults,
  stats: ProxyStats,
): Link {
  const server = net.connect(target)
  const hung = faults.hanging
  let allowance = faults.cut?.() ?? Infinity
  let held: Buffer[] = []
  let ended = false
  let writing = false
  client.setNoDelay(true)
  server.setNoDelay(true)

  const stopped = () => hung || faults.stalled || faults.holding
  const destroy = () => {
    client.destroy()
    server.destroy()
  }

  /** Writes what is held to the client, in pieces where that is asked for. */
  const flush = () => {
    if (writing || stopped() || client.destroyed) return
    const chunk = held.shift()
    if (!chunk) {
      if (ended) client.end()
      else server.resume()
      return
    }
    const piece = chunk.subarray(0, Math.min(faults.pieces ?? chunk.length, allowance))
    if (piece.length < chunk.length) held.unshift(chunk.subarray(piece.length))
    allowance -= piece.length
    stats.bytesDown += piece.length
    writing = true
    const written = () => {
      writing = false
      if (allowance > 0) return void setImmediate(flush)
      if (held.length > 0) stats.cuts += 1
      destroy()
    }
    if (piece.length === 0) written()
    else client.write(piece, written)
  }

  server.on('data', (chunk) => {
    held.push(chunk)
    if (!stopped()) server.pause()
    flush()
  })
  server.on('end', () => {
    ended = true
    flush()
  })
  // The client is always read, so that its leaving is noticed; what it says may have to wait.
  let heldUp: Buffer[] = []
  const flushUp = () => {
    if (faults.stalled) return
    for (const chunk of heldUp) server.write(chunk)
    heldUp = []
  }
  client.on('data', (chunk) => {
    stats.bytesUp += chunk.length
    if (!hung) heldUp.push(chunk)
    flushUp()
  })
  for (const socket of [client, server]) {
    socket.on('error', destroy)
    socket.on('close', () => {
      // A hung or stalled link is closed by the one who waits, never by the proxy.
      if (socket === client || !(hung || faults.stalled)) destroy()
    })
  }

  return {
    refresh() {
      flushUp()
      flush()
    },
    destroy,
  }
}

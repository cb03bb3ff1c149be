import net from 'node:net'
import { createLink, type Faults, type Link, type ProxyStats } from './link.ts'

/** What the network does to the connections through it. */
export interface FaultProxy {
  readonly url: string
  readonly port: number
  /** Cuts every open connection, now. */
  drop(): void
  /** Forwards nothing more, in either direction, and closes nothing: a half-open link. */
  stall(): void
  /** The same, for good, for the connections that are open now; new ones are well. */
  strand(): void
  /** Resets every new connection. */
  refuse(on: boolean): void
  /** Accepts new connections and forwards nothing. */
  hang(on: boolean): void
  /** Forwards answers in pieces of so many bytes. */
  split(bytes: number | undefined): void
  /** Holds answers back, as a buffering proxy does, until it is off. */
  buffer(on: boolean): void
  /** Waits for so many ms after each piece of an answer, and before a cut; undefined: no more. */
  slow(apart: number | undefined): void
  /** Cuts each new connection after so many bytes of answers; undefined: no more. */
  cut(after: (() => number) | undefined): void
  /** Lets so many more bytes of answers pass, and holds the rest. */
  pass(bytes: number): void
  /** Ends all faults. */
  resume(): void
  /** Where new connections go from now on. */
  redirect(port: number): void
  readonly stats: ProxyStats
  close(): Promise<void>
}

/** A TCP proxy on loopback that does to connections what networks do. */
export async function createFaultProxy({
  port: first,
  host = '127.0.0.1',
}: {
  port: number
  host?: string
}): Promise<FaultProxy> {
  const stats: ProxyStats = { connections: 0, open: 0, used: 0, most: 0, bytesUp: 0, bytesDown: 0, cuts: 0 }
  const links = new Set<Link>()
  let target = first
  const faults: Faults = {
    stalled: false,
    refusing: false,
    hanging: false,
    pieces: undefined,
    holding: false,
    apart: undefined,
    cut: undefined,
    quota: undefined,
  }

  const server = net.createServer((client) => {
    stats.connections += 1
    if (faults.refusing) {
      client.on('error', () => {})
      client.resetAndDestroy()
      return
    }
    stats.open += 1
    stats.most = Math.max(stats.most, stats.open)
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
    strand() {
      for (const link of links) link.strand()
    },
    refuse: (on) => void (faults.refusing = on),
    hang: (on) => void (faults.hanging = on),
    split: (bytes) => void (faults.pieces = bytes),
    buffer(on) {
      faults.holding = on
      refresh()
    },
    slow: (apart) => void (faults.apart = apart),
    cut: (after) => void (faults.cut = after),
    pass(bytes) {
      faults.quota = (faults.quota ?? 0) + bytes
      refresh()
    },
    resume() {
      Object.assign(faults, {
        stalled: false,
        refusing: false,
        hanging: false,
        pieces: undefined,
        holding: false,
        apart: undefined,
        cut: undefined,
        quota: undefined,
      })
      refresh()
    },
    redirect: (port) => void (target = port),
    stats,
    close() {
      proxy.drop()
      return new Promise((resolve) => void server.close(() => resolve()))
    },
  }
  return proxy
}

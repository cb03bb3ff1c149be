import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { crossing, type Crossing, type Way } from './network/crossing.ts'
import { forwardRequest, forwardUpgrade, type Target } from './network/forward.ts'
import { KINDS, kindOf, type Kind, type Rule } from './network/rules.ts'

/** What came through of one kind. */
export interface KindStats {
  /** In all. */
  requests: number
  /** On their way or open now. */
  open: number
  /** Connections that the network reset. */
  cut: number
}

/** A network with opinions: it tells WebSockets, streams and polls apart, and treats each kind as it likes. */
export interface NetworkProxy {
  readonly url: string
  readonly port: number
  /** What is done to a kind, or to all, from now on. */
  rule(kind: Kind | 'all', rule: Rule, options?: RuleOptions): void
  /** Resets what stands, once. */
  cut(kind: Kind | 'all'): void
  readonly rules: Readonly<Record<Kind, Rule>>
  readonly stats: Readonly<Record<Kind, KindStats>>
  close(): Promise<void>
}

export interface RuleOptions {
  /** How long a connection that flaps lives, in ms. @default 50 */
  life?: number
  /** Whether what stands gets it too. @default true */
  standing?: boolean
}

export interface NetworkProxyOptions extends Partial<Target> {
  /** Where the server is. */
  port: number
  /** Requests below this path are told apart; all others pass. @default '/push/' */
  path?: string
}

const perKind = <T>(make: () => T) => Object.fromEntries(KINDS.map((kind) => [kind, make()])) as Record<Kind, T>

/** An HTTP proxy on loopback between pages and a server. */
export async function createNetworkProxy({
  port: target,
  host = '127.0.0.1',
  path = '/push/',
}: NetworkProxyOptions): Promise<NetworkProxy> {
  const rules = perKind<Rule>(() => 'pass')
  const lives = perKind(() => 0)
  const stats = perKind<KindStats>(() => ({ requests: 0, open: 0, cut: 0 }))
  const standing = perKind(() => new Set<Crossing>())
  const sockets = new Set<Socket>()
  const to = { host, port: target }

  const each = (kinds: Kind | 'all', act: (kind: Kind) => void) => {
    for (const kind of kinds === 'all' ? KINDS : [kinds]) act(kind)
  }
  /** Lets a request in; what comes back says that it is over. */
  const enter = (kind: Kind, socket: Socket, way: Omit<Way, 'reset'>): (() => void) => {
    const count = stats[kind]
    count.requests += 1
    count.open += 1
    const reset = () => {
      if (socket.destroyed) return
      count.cut += 1
      socket.resetAndDestroy()
    }
    const own = crossing({ ...way, reset })
    standing[kind].add(own)
    own.obey(rules[kind], lives[kind])
    return () => {
      if (!standing[kind].delete(own)) return
      count.open -= 1
      own.left()
    }
  }

  const server = createServer((request, response) => {
    const kind = kindOf(request, path)
    const lost = () => void response.destroy()
    if (!kind) return forwardRequest(request, response, to, { opened: () => {}, lost })
    const left = enter(kind, request.socket, {
      forward: (fate) => forwardRequest(request, response, to, fate),
      answer: (status, headers, body) =>
        response.writeHead(status, { 'Access-Control-Allow-Origin': '*', ...headers }).end(body),
    })
    response.once('close', left)
  })
  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    socket.setNoDelay(true)
    socket.on('error', () => {})
    if (head.length > 0) socket.unshift(head)
    const kind = kindOf(request, path)
    const lost = () => void socket.destroy()
    if (!kind) return forwardUpgrade(request, socket, to, { opened: () => {}, lost })
    const left = enter(kind, socket, {
      forward: (fate) => forwardUpgrade(request, socket, to, fate),
      answer: (status) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`),
    })
    socket.once('close', left)
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    url: `http://127.0.0.1:${port}`,
    port,
    rule(kinds, rule, { life = 50, standing: too = true } = {}) {
      each(kinds, (kind) => {
        rules[kind] = rule
        lives[kind] = life
        if (too) for (const one of standing[kind]) one.obey(rule, life)
      })
    },
    cut(kinds) {
      each(kinds, (kind) => {
        for (const one of standing[kind]) one.reset()
      })
    },
    rules,
    stats,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

import type { IncomingMessage } from 'node:http'
import { connect, type NetConnectOpts } from 'node:net'
import { pipeline, type Duplex } from 'node:stream'
import { WebSocketServer, createWebSocketStream } from 'ws'
import { authorization } from './authorization.ts'
import { HubError } from './hub-error.ts'
import { refuseUpgrade, type Refusal } from './refusal.ts'
import type { Serving } from './requests.ts'

/** A TCP server that a tunnel leads to. */
export interface TcpTarget {
  readonly host: string
  readonly port: number
}

/** One that may be dug. */
interface Tunnel {
  permit(): Promise<Refusal | undefined> | undefined
  connect(socket: Duplex, head: Buffer): void
}

export interface Tunnels {
  /** The tunnel that an upgrade asks for, or undefined. */
  at(request: IncomingMessage): Tunnel | undefined
  /** Leads from the hub's own path to its TCP listener. */
  lead(target: TcpTarget): void
  /** Who came through the tunnel whose TCP connection has this local port. */
  visitor(localPort: number | undefined): IncomingMessage | undefined
  cut(): void
}

/** In ms. */
const CONNECTS_WITHIN = 10_000
/** A tunnel through which nothing went for so long is closed, in ms. */
const IDLE = 600_000

/**
 * WebSockets that carry the bytes of TCP connections, each path to the one server that it was given, and to no other:
 * what a request says never chooses where it leads. A WebSocket is accepted when the TCP connection stands, and then
 * gets an empty frame, which tells Ruffle's socket so. Each side is read no faster than the other takes it.
 */
export function createTunnels(
  allowed: Readonly<Record<string, TcpTarget>>,
  { path, heartbeat, maxMessageBytes, authorize, address, streams }: Serving,
): Tunnels {
  for (const from of Object.keys(allowed))
    if (!from.startsWith('/') || from.startsWith(path))
      throw new HubError('invalid-option', `tunnels: ${JSON.stringify(from)} must be a path outside ${path}`)
  const targets = new Map(Object.entries(allowed))
  const visitors = new Map<number, IncomingMessage>()
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    // JSON makes six bytes of one at most.
    maxPayload: 8 * maxMessageBytes,
  })

  const dig = (target: TcpTarget, request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const options: NetConnectOpts = { ...target, noDelay: true }
    const tcp = connect(options)
    const fail = (refusal: Refusal) => {
      tcp.destroy()
      refuseUpgrade(socket, refusal)
    }
    const impatience = setTimeout(() => fail({ status: 504, line: 'the TCP server does not answer' }), CONNECTS_WITHIN)
    const absent = () => fail({ status: 502, line: 'the TCP server is not there' })
    const abandon = () => tcp.destroy()
    socket.once('close', abandon)
    tcp.once('error', absent)
    tcp.once('close', () => clearTimeout(impatience))
    tcp.once('connect', () => {
      const { localPort = 0 } = tcp
      clearTimeout(impatience)
      tcp.off('error', absent)
      tcp.setTimeout(Math.max(IDLE, 2 * heartbeat), () => tcp.destroy())
      visitors.set(localPort, request)
      tcp.once('close', () => visitors.delete(localPort))
      // Until both are joined, what goes wrong with it ends it.
      tcp.on('error', abandon)
      sockets.handleUpgrade(request, socket, head, (connected) => {
        connected.send(Buffer.alloc(0))
        pipeline(tcp, inPieces, createWebSocketStream(connected), tcp, () => connected.terminate())
        const stop = () => connected.close(RESTART)
        connected.on('close', streams.add({ beat: () => {}, stop, cut: () => connected.terminate() }))
      })
    })
  }

  return {
    at(request) {
      const [from = ''] = (request.url ?? '').split('?', 1)
      const target = targets.get(from)
      if (!target) return undefined
      const { method = '', headers } = request
      return {
        // Through the hub's own each channel is asked for by itself.
        permit: () =>
          from === path
            ? undefined
            : authorization(authorize, {
                action: 'tunnel',
                channel: from,
                technique: undefined,
                method,
                headers,
                query: new URLSearchParams((request.url ?? '').slice(from.length)),
                address: address(request),
              }),
        connect: (socket, head) => dig(target, request, socket, head),
      }
    },
    lead: (target) => void targets.set(path, target),
    visitor: (localPort = 0) => visitors.get(localPort),
    cut() {
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

const RESTART = 1012

/** What one packet carries, and what one frame does at most, in bytes. */
const PACKET = 1_400
const LARGEST = 16_384

/**
 * A page sees a frame when it is whole, and large ones cost it less. So none is longer than what came before it: where
 * the network cuts, at least half of what passed has arrived.
 */
async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let carried = PACKET
  for await (const chunk of chunks)
    for (let rest = chunk; rest.length > 0;) {
      const piece = rest.subarray(0, Math.min(carried, LARGEST))
      rest = rest.subarray(piece.length)
      carried += piece.length
      yield piece
    }
}

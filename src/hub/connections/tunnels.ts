import type { IncomingMessage } from 'node:http'
import { connect, type NetConnectOpts } from 'node:net'
import { duplexPair, pipeline, type Duplex } from 'node:stream'
import { ambiguity, queryOf } from '../http/route.ts'
import type { Client, Intent } from './admit.ts'
import { checkPort } from '../check-options.ts'
import { HubError } from '../errors.ts'
import { serveLines } from './tcp-connection.ts'
import { CLOSED, refuseUpgrade, type Refusal } from '../http/http-errors.ts'
import type { Serving } from '../serving.ts'
import type { Watched } from './stall-watch.ts'
import { socketServer } from './socket-server.ts'
import { answerPings, boundedServer, countUnfinished } from './web-socket.ts'

/** A TCP server that a tunnel leads to. */
export interface TcpTarget {
  readonly host: string
  readonly port: number
}

/** What an upgrade asks for. */
export interface Destination {
  /** Why it cannot be. */
  readonly invalid?: Refusal
  /** Absent: each thing that is done there is asked for by itself. */
  readonly intent?: Intent | undefined
  connect(client: Client): void
}

export interface Tunnels {
  /** The tunnel that an upgrade asks for, or undefined. */
  at(target: string, request: IncomingMessage, socket: Duplex, head: Buffer): Destination | undefined
  /** Opens the tunnel at the hub's own path, to its lines; until the function that it returns is called. */
  openLines(): () => void
  cut(): void
}

/** In ms. */
const CONNECTS_WITHIN = 10_000
/** A tunnel through which nothing went for so long, in ms, and for two heartbeats at least, is closed. */
const IDLE = 600_000

/**
 * WebSockets that carry the bytes of TCP connections, each path to the one server that it was given, and to no other:
 * what a request says never chooses where it leads. A WebSocket is accepted when the TCP connection stands, and then
 * gets an empty frame, which tells Ruffle's socket so. Each side is read no faster than the other takes it.
 */
export function createTunnels(allowed: Readonly<Record<string, TcpTarget>>, serving: Serving): Tunnels {
  const { ws, report, path, heartbeat, maxMessageBytes, incoming, streams, stalls } = serving
  for (const from of Object.keys(allowed))
    if (!from.startsWith('/') || from.startsWith(path) || from.includes('?') || ambiguity(from) !== undefined)
      throw new HubError('invalid-option', `tunnels: ${JSON.stringify(from)} must be a plain path outside ${path}`)
  for (const [from, { port }] of Object.entries(allowed))
    checkPort(`the port of the tunnel ${JSON.stringify(from)}`, port, 1)
  const targets = new Map(Object.entries(allowed))
  let lineListeners = 0
  // JSON makes six bytes of one at most.
  const sockets = socketServer(ws, boundedServer(8 * maxMessageBytes), report)

  /** Accepts the WebSocket, and joins it to a stream. */
  const join = (request: IncomingMessage, socket: Duplex, head: Buffer, client: Client, far: Duplex) =>
    sockets.accept(request, socket, head, (connected, { createWebSocketStream }) => {
      const near = createWebSocketStream(connected)
      // What goes wrong with one side ends both, also after the pipeline has ended.
      for (const side of [connected, near, far]) side.on('error', () => {})
      connected.send(Buffer.alloc(0))
      answerPings(connected)
      countUnfinished(
        connected,
        socket,
        incoming.receive(client.limitKey, () => connected.terminate()),
      )
      const cut = () => connected.terminate()
      const down = flow(() => near.writableLength + connected.bufferedAmount, cut)
      const up = flow(() => far.writableLength, cut)
      pipeline(far, down.inPieces, near, up.inPieces, far, cut)
      for (const way of [down, up]) connected.on('close', stalls.add(way))
      const beat = idleFor(Math.max(2, Math.ceil(IDLE / heartbeat)), () => down.progress + up.progress, cut)
      connected.on('close', streams.add({ beat, stop: () => connected.close(RESTART), cut }))
    })

  const toTcp = (target: TcpTarget, request: IncomingMessage, socket: Duplex, head: Buffer, client: Client) => {
    const options: NetConnectOpts = { ...target, noDelay: true }
    const tcp = connect(options)
    const fail = (refusal: Refusal) => {
      tcp.destroy()
      refuseUpgrade(socket, refusal)
    }
    const timeout = setTimeout(() => fail({ status: 504, line: 'the TCP server does not answer' }), CONNECTS_WITHIN)
    const absent = () => fail({ status: 502, line: 'the TCP server is not there' })
    const abandon = () => tcp.destroy()
    // A hub that closes meanwhile waits for nobody, and accepts nobody afterwards.
    const stop = () => fail(CLOSED)
    const connected = streams.add({ beat: () => {}, stop, cut: stop })
    socket.once('close', abandon)
    tcp.once('error', absent)
    tcp.once('close', () => {
      clearTimeout(timeout)
      connected()
    })
    tcp.once('connect', () => {
      clearTimeout(timeout)
      tcp.off('error', absent)
      // Until both are joined, what goes wrong with it ends it.
      tcp.on('error', abandon)
      join(request, socket, head, client, tcp)
      connected()
    })
  }

  /** Joined in this process: the client of the lines is the client of the upgrade, because it is handed over. */
  const toLines = (request: IncomingMessage, socket: Duplex, head: Buffer, client: Client) => {
    const [near, far] = duplexPair({ allowHalfOpen: false })
    // What the client sent before it left is taken, as from any socket.
    far.once('close', () => near.push(null))
    near.once('end', () => void (far.destroyed && near.destroy()))
    near.once('close', () => far.destroy())
    socket.once('close', () => far.destroy())
    serveLines(near, serving, client, true)
    join(request, socket, head, client, far)
  }

  return {
    at(target, request, socket, head) {
      const [from = ''] = target.split('?', 1)
      const { method = '' } = request
      const to = targets.get(from)
      if (to) {
        const intent = {
          action: 'tunnel',
          channel: from,
          technique: undefined,
          method,
          query: queryOf(target),
        } as const
        return { intent, connect: (client) => toTcp(to, request, socket, head, client) }
      }
      if (from !== path || lineListeners === 0) return undefined
      // Each channel is asked for by itself.
      return { connect: (client) => toLines(request, socket, head, client) }
    },
    openLines() {
      lineListeners += 1
      return () => void (lineListeners -= 1)
    },
    cut: sockets.cut,
  }
}

const RESTART = 1012

/** Counts beats, and calls back when there were so many without progress: no clock that is set ends a tunnel. */
function idleFor(most: number, progress: () => number, idle: () => void): () => void {
  let seen = progress()
  let beats = 0
  return () => {
    const now = progress()
    beats = now === seen ? beats + 1 : 0
    seen = now
    // The first beat may have come at once.
    if (beats > most) idle()
  }
}

/** What one packet carries, and what one frame does at most, in bytes. */
const PACKET = 1_400
const LARGEST = 16_384

/** One direction of a tunnel. */
interface Flow extends Watched {
  inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
}

/**
 * A page sees a frame when it is whole, and large ones cost it less. So no piece is longer than what came before it:
 * where the network cuts, at least half of what passed has arrived. A piece is passed on when the other side has taken
 * those before it, so it is progress too.
 */
function flow(buffered: () => number, destroy: () => void): Flow {
  let passed = 0
  return {
    async *inPieces(chunks) {
      for await (const chunk of chunks)
        for (let rest = chunk; rest.length > 0;) {
          const piece = rest.subarray(0, Math.min(PACKET + passed, LARGEST))
          rest = rest.subarray(piece.length)
          passed += piece.length
          yield piece
        }
    },
    get waiting() {
      return buffered() > 0
    },
    get progress() {
      return passed
    },
    destroy,
  }
}

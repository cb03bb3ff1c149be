import type { IncomingMessage } from 'node:http'
import { connect, type NetConnectOpts } from 'node:net'
import { duplexPair, pipeline, type Duplex } from 'node:stream'
import { ambiguity, queryOf } from '../http/route.ts'
import type { Client } from '../security/identify-client.ts'
import type { Intent } from './admit.ts'
import { checkPort } from '../check-options.ts'
import { HubError } from '../errors.ts'
import { serveTcpConnection } from './tcp-connection.ts'
import { CLOSED, refuseUpgrade, type Refusal } from '../http/http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { MAX_EXPANSION } from './outbound-budget.ts'
import { closeWebSocket } from './sink.ts'
import { createSocketServer } from './socket-server.ts'
import type { Watched } from './stall-watch.ts'
import { answerPings, boundedServer, countIncomplete } from './web-socket.ts'

/** The TCP server of a tunnel. */
export interface TcpTarget {
  /** A host name or an IP address. */
  readonly host: string
  /** 1 to 65,535. */
  readonly port: number
}

/** What an upgrade connects to. */
export interface Destination {
  /** Why the upgrade is not valid, for any client. */
  readonly invalid?: Refusal
  /** Absent: the upgrade itself needs no permission. */
  readonly intent?: Intent | undefined
  connect(client: Client): void
}

export interface Tunnels {
  /** Finds the tunnel at the target of an upgrade. */
  at(target: string, request: IncomingMessage, socket: Duplex, head: Buffer): Destination | undefined
  /** Opens the tunnel at the hub's own path, to its lines, until the returned function is called. */
  openLines(): () => void
  /** Closes every tunnel at once. */
  terminate(): void
}

/** How long a TCP server may take to accept a connection, in ms. */
const CONNECT_TIMEOUT = 10_000

/** A tunnel is closed after this time without a byte, and after two heartbeats at least. In ms. */
const IDLE_TIMEOUT = 600_000

/**
 * Creates WebSockets that transport the bytes of TCP connections. Each path leads to its configured server and to no
 * other: a request cannot choose where it leads. A WebSocket is accepted when the TCP connection is open. Its first frame
 * is empty, which shows Ruffle's socket that it is connected. Each side is read no faster than the other side writes.
 *
 * @throws HubError `invalid-option`
 */
export function createTunnels(allowed: Readonly<Record<string, TcpTarget>>, context: HubContext): Tunnels {
  const { ws, report, path, heartbeat, maxMessageBytes, inbound, connections, stalls } = context
  checkTunnels(allowed, path)
  const targets = new Map(Object.entries(allowed))
  let lineListeners = 0
  const sockets = createSocketServer(ws, boundedServer(MAX_EXPANSION * maxMessageBytes), report)

  /** Accepts the WebSocket and joins it to a stream. */
  const join = (request: IncomingMessage, transport: Duplex, head: Buffer, client: Client, far: Duplex) =>
    sockets.whenLoaded(transport, (server, { createWebSocketStream }) =>
      server.handleUpgrade(request, transport, head, (socket) => {
        const near = createWebSocketStream(socket)
        // An error of one side ends both. It may also happen after the pipeline has ended.
        for (const side of [socket, near, far]) side.on('error', () => {})
        socket.send(Buffer.alloc(0))
        answerPings(socket)
        const terminate = () => socket.terminate()
        countIncomplete(socket, transport, inbound.open(client.limitKey, terminate))
        const down = createFlow(() => near.writableLength + socket.bufferedAmount, terminate)
        const up = createFlow(() => far.writableLength, terminate)
        pipeline(far, down.inPieces, near, up.inPieces, far, terminate)
        for (const flow of [down, up]) socket.on('close', stalls.add(flow))
        const maxPings = Math.max(2, Math.ceil(IDLE_TIMEOUT / heartbeat))
        const ping = closeWhenIdle(maxPings, () => down.progress + up.progress, terminate)
        socket.on('close', connections.add({ ping, stop: () => closeWebSocket(socket, 'restart'), terminate }))
      }),
    )

  const toTcp = (target: TcpTarget, request: IncomingMessage, socket: Duplex, head: Buffer, client: Client) => {
    const options: NetConnectOpts = { ...target, noDelay: true }
    const tcp = connect(options)
    const fail = (refusal: Refusal) => {
      tcp.destroy()
      refuseUpgrade(socket, refusal)
    }
    const timeout = setTimeout(() => fail(TCP_TIMEOUT), CONNECT_TIMEOUT)
    const onConnectError = () => fail(TCP_UNREACHABLE)
    const destroy = () => tcp.destroy()
    // A hub that closes meanwhile refuses the upgrade.
    const stop = () => fail(CLOSED)
    const remove = connections.add({ ping: () => {}, stop, terminate: stop })
    socket.once('close', destroy)
    tcp.once('error', onConnectError)
    tcp.once('close', () => {
      clearTimeout(timeout)
      remove()
    })
    tcp.once('connect', () => {
      clearTimeout(timeout)
      tcp.off('error', onConnectError)
      // Until both sides are joined, an error of this one ends it.
      tcp.on('error', destroy)
      join(request, socket, head, client, tcp)
      remove()
    })
  }

  /** Joins the WebSocket to lines in this process. The client of the upgrade is the client of the lines. */
  const toLines = (request: IncomingMessage, socket: Duplex, head: Buffer, client: Client) => {
    const [near, far] = duplexPair({ allowHalfOpen: false })
    // Bytes that the client sent before it left are read, as from any socket.
    far.once('close', () => near.push(null))
    near.once('end', () => void (far.destroyed && near.destroy()))
    near.once('close', () => far.destroy())
    socket.once('close', () => far.destroy())
    serveTcpConnection(near, context, client, true)
    join(request, socket, head, client, far)
  }

  return {
    at(target, request, socket, head) {
      const [pathname = ''] = target.split('?', 1)
      const { method = '' } = request
      const tcpTarget = targets.get(pathname)
      if (tcpTarget) {
        return {
          intent: { action: 'tunnel', channel: pathname, technique: undefined, method, query: queryOf(target) },
          connect: (client) => toTcp(tcpTarget, request, socket, head, client),
        }
      }
      if (pathname !== path || lineListeners === 0) return undefined
      // The lines need permission for each channel.
      return { connect: (client) => toLines(request, socket, head, client) }
    },
    openLines() {
      lineListeners += 1
      return () => void (lineListeners -= 1)
    },
    terminate: sockets.terminate,
  }
}

const TCP_TIMEOUT: Refusal = { status: 504, message: 'Tunnel failed: the TCP server did not respond in time.' }
const TCP_UNREACHABLE: Refusal = { status: 502, message: 'Tunnel failed: the TCP server cannot be reached.' }

function checkTunnels(allowed: Readonly<Record<string, TcpTarget>>, path: string): void {
  for (const [from, { port }] of Object.entries(allowed)) {
    if (!from.startsWith('/') || from.startsWith(path) || from.includes('?') || ambiguity(from) !== undefined)
      throw new HubError(
        'invalid-option',
        `Invalid \`tunnels\`: ${JSON.stringify(from)} is not a path outside "${path}". Write it without a query, escapes or dot segments.`,
      )
    checkPort(`tunnels[${JSON.stringify(from)}].port`, port, 1)
  }
}

/** Counts pings without progress and calls `onIdle` after `max` of them. A clock that is set closes no tunnel. */
function closeWhenIdle(max: number, progress: () => number, onIdle: () => void): () => void {
  let last = progress()
  let pings = 0
  return () => {
    const current = progress()
    pings = current === last ? pings + 1 : 0
    last = current
    // The first ping may have happened at once.
    if (pings > max) onIdle()
  }
}

/** The payload of one packet, and the largest frame, in bytes. */
const PACKET = 1_400
const MAX_FRAME = 16_384

/** One direction of a tunnel. */
interface Flow extends Watched {
  inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer>
}

/**
 * Splits the bytes of one direction into frames. A page receives a frame when it is complete, and large frames cost it
 * less. So no frame is longer than all bytes before it: if the network fails, at least half of the bytes have arrived. A
 * frame is sent when the other side has taken those before it, so each frame is progress.
 */
function createFlow(buffered: () => number, destroy: () => void): Flow {
  let passed = 0
  return {
    async *inPieces(chunks) {
      for await (const chunk of chunks)
        for (let rest = chunk; rest.length > 0;) {
          const piece = rest.subarray(0, Math.min(PACKET + passed, MAX_FRAME))
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

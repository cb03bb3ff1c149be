import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { META_SUBPROTOCOL } from '../protocol.ts'
import { addressOf, type Address } from './address.ts'
import { requestedPlace } from './place.ts'
import { authorization } from './authorization.ts'
import { CLOSED, refusalOf, refuseUpgrade, type Refusal } from './refusal.ts'
import type { Serving } from './requests.ts'
import { publisher } from './publisher.ts'
import type { Tunnels } from './tunnels.ts'
import { webSocket, webSocketEnd } from './web-socket.ts'

export interface Upgrades {
  /** Answers an upgrade; false: it is not the hub's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Ends what did not end by itself. */
  cut(): void
}

/** Answers upgrades to WebSocket (RFC 6455): of channels, and of tunnels to TCP. */
export function createUpgradeHandler({
  tunnels,
  path,
  heartbeat,
  firstMessage,
  maxMessageBytes,
  maxBacklog,
  now,
  admission,
  authorize,
  address,
  limits,
  registry,
  streams,
  closed,
}: Serving & { tunnels: Tunnels }): Upgrades {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: () => META_SUBPROTOCOL,
  })

  const connect = (request: IncomingMessage, socket: Duplex, head: Buffer, { name, query }: Address) => {
    const place = requestedPlace(request.headers, query)
    if (typeof place === 'string') return refuseUpgrade(socket, { status: 400, line: place })
    const channel = place !== undefined && registry.ended(name) ? undefined : registry.channel(name)
    sockets.handleUpgrade(request, socket, head, (connected) => {
      // What goes wrong with one connection ends that connection; `close` follows.
      connected.on('error', () => {})
      if (!channel) return webSocketEnd(connected)
      const resumption = channel.resume(place, firstMessage, now())
      const publish = publisher({
        limits,
        registry,
        channel: name,
        address: address(request),
        permission: () => permission(request, { name, query }, 'publish'),
      })
      connected.on(
        'close',
        streams.add(
          webSocket({ socket: connected, carrier: socket, channel, resumption, heartbeat, maxBacklog, publish }),
        ),
      )
    })
  }

  const permission = (request: IncomingMessage, { name: channel, query }: Address, action: 'subscribe' | 'publish') => {
    const { method = '', headers } = request
    const technique = 'web-socket'
    return authorization(authorize, { action, channel, technique, method, headers, query, address: address(request) })
  }

  /** Why an upgrade is refused whatever it asks for, or undefined. */
  const refusalOfAny = ({ headers }: IncomingMessage): Refusal | undefined => {
    const stranger = admission.hostRefusal(headers) ?? admission.originRefusal(headers)
    if (stranger !== undefined) return { status: 403, line: stranger }
    if (closed()) return CLOSED
    if (headers.upgrade?.toLowerCase() === 'websocket') return undefined
    return { status: 426, line: 'the only upgrade is to websocket', headers: { Upgrade: 'websocket' } }
  }

  /** Lets an upgrade in where it may be, by what it asks for. */
  const enter = (request: IncomingMessage, socket: Duplex, { refusal, permit, connect }: Entry) => {
    const entered = refusalOfAny(request) ?? refusal ?? limits.enter(address(request))
    if (typeof entered === 'object') return refuseUpgrade(socket, entered)
    socket.once('close', entered)
    const act = (decided: Refusal | undefined) => {
      // Whoever asked may have left while it was decided.
      if (socket.destroyed) return
      const no = decided ?? (closed() ? CLOSED : undefined)
      try {
        if (no) refuseUpgrade(socket, no)
        else connect()
      } catch (error) {
        refuseUpgrade(socket, refusalOf(error))
      }
    }
    const deciding = permit()
    if (deciding) void deciding.then(act)
    else act(undefined)
  }

  const toChannel = (request: IncomingMessage, socket: Duplex, head: Buffer, about: Address): Entry => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
    return {
      refusal: offered.includes(META_SUBPROTOCOL)
        ? undefined
        : { status: 400, line: `offer the subprotocol ${META_SUBPROTOCOL}` },
      permit: () => permission(request, about, 'subscribe'),
      connect: () => connect(request, socket, head, about),
    }
  }

  return {
    upgrade(request, socket, head) {
      const tunnel = tunnels.at(request)
      try {
        const about = tunnel ? undefined : addressOf(request.url ?? '', path)
        if (about) enter(request, socket, toChannel(request, socket, head, about))
        else if (tunnel) enter(request, socket, { ...tunnel, connect: () => tunnel.connect(socket, head) })
        else return false
      } catch (error) {
        refuseUpgrade(socket, refusalOf(error))
      }
      return true
    },
    cut() {
      for (const socket of sockets.clients) socket.terminate()
      tunnels.cut()
    },
  }
}

/** What an upgrade asks for. */
interface Entry {
  /** Why it cannot be. */
  refusal?: Refusal | undefined
  permit(): Promise<Refusal | undefined> | undefined
  connect(): void
}

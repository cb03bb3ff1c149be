import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { META_SUBPROTOCOL } from '../protocol.ts'
import { addressOf, type Address } from './address.ts'
import { requestedPlace } from './place.ts'
import { authorization } from './authorization.ts'
import { CLOSED, refusalOf, refuseUpgrade, type Refusal } from './refusal.ts'
import type { Serving } from './requests.ts'
import type { Publication } from './message.ts'
import { webSocket, webSocketEnd } from './web-socket.ts'

export interface Upgrades {
  /** Answers an upgrade; false: it is not the hub's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Ends what did not end by itself. */
  cut(): void
}

/** Answers upgrades to WebSocket (RFC 6455). */
export function createUpgradeHandler({
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
}: Serving): Upgrades {
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
      const keep = (publication: Publication) => {
        try {
          registry.publish(name, publication)
          return undefined
        } catch (error) {
          return refusalOf(error)
        }
      }
      const publish = (publication: Publication) => {
        const busy = limits.publish(address(request))
        if (busy) return busy
        const deciding = permission(request, { name, query }, 'publish')
        return deciding ? deciding.then((refusal) => refusal ?? keep(publication)) : keep(publication)
      }
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

  return {
    upgrade(request, socket, head) {
      const { headers } = request
      let about: Address | undefined
      try {
        about = addressOf(request.url ?? '', path)
      } catch (error) {
        refuseUpgrade(socket, refusalOf(error))
        return true
      }
      if (!about) return false
      const to = about
      const stranger = admission.hostRefusal(headers) ?? admission.originRefusal(headers)
      const offered = (headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
      const refusal =
        stranger !== undefined
          ? { status: 403, line: stranger }
          : closed()
            ? CLOSED
            : headers.upgrade?.toLowerCase() !== 'websocket'
              ? { status: 426, line: 'the only upgrade is to websocket', headers: { Upgrade: 'websocket' } }
              : !offered.includes(META_SUBPROTOCOL)
                ? { status: 400, line: `offer the subprotocol ${META_SUBPROTOCOL}` }
                : undefined
      const entered = refusal ?? limits.enter(address(request))
      if (typeof entered === 'object') {
        refuseUpgrade(socket, entered)
        return true
      }
      socket.once('close', entered)
      const act = (decided: Refusal | undefined) => {
        // Whoever asked may have left while it was decided.
        if (socket.destroyed) return
        const no = decided ?? (closed() ? CLOSED : undefined)
        try {
          if (no) refuseUpgrade(socket, no)
          else connect(request, socket, head, to)
        } catch (error) {
          refuseUpgrade(socket, refusalOf(error))
        }
      }
      const deciding = permission(request, to, 'subscribe')
      if (deciding) void deciding.then(act)
      else act(undefined)
      return true
    },
    cut() {
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

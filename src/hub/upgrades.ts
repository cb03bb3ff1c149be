import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import { META_SUBPROTOCOL } from '../protocol.ts'
import { addressOf, type Address } from './address.ts'
import { requestedPlace } from './place.ts'
import { CLOSED, type Serving } from './requests.ts'
import { refuseUpgrade, webSocket, webSocketEnd } from './web-socket.ts'

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
    if (typeof place === 'string') return refuseUpgrade(socket, 400, place)
    sockets.handleUpgrade(request, socket, head, (connected) => {
      // What goes wrong with one connection ends that connection; `close` follows.
      connected.on('error', () => {})
      if (place !== undefined && registry.ended(name)) return webSocketEnd(connected)
      const channel = registry.channel(name)
      const resumption = channel.resume(place, firstMessage, now())
      const publish = (publication: Parameters<typeof registry.publish>[1]) => void registry.publish(name, publication)
      connected.on(
        'close',
        streams.add(webSocket({ socket: connected, channel, resumption, heartbeat, maxBacklog, publish })),
      )
    })
  }

  return {
    upgrade(request, socket, head) {
      const { headers } = request
      let about: Address | undefined
      try {
        about = addressOf(request.url ?? '', path)
      } catch (error) {
        refuseUpgrade(socket, 400, (error as Error).message)
        return true
      }
      if (!about) return false
      const refusal = admission.hostRefusal(headers) ?? admission.originRefusal(headers)
      const offered = (headers['sec-websocket-protocol'] ?? '').split(/\s*,\s*/)
      if (refusal !== undefined) refuseUpgrade(socket, 403, refusal)
      else if (closed()) refuseUpgrade(socket, 503, CLOSED)
      else if (headers.upgrade?.toLowerCase() !== 'websocket')
        refuseUpgrade(socket, 426, 'the only upgrade is to websocket')
      else if (!offered.includes(META_SUBPROTOCOL))
        refuseUpgrade(socket, 400, `offer the subprotocol ${META_SUBPROTOCOL}`)
      else connect(request, socket, head, about)
      return true
    },
    cut() {
      for (const socket of sockets.clients) socket.terminate()
    },
  }
}

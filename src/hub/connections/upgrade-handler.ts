import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { META_SUBPROTOCOL } from '../../wire/constants.ts'
import { isUnder, parseTarget, type Address } from '../http/route.ts'
import type { Client, Intent } from './admit.ts'
import { requestedPlace } from '../http/resume-cursor.ts'
import { publisher as publisherOf } from './publisher.ts'
import { refusalOf, refuseUpgrade, type Refusal } from '../http/http-errors.ts'
import type { Serving } from '../serving.ts'
import type { Destination, Tunnels } from './tunnels.ts'
import { socketServer } from './socket-server.ts'
import { boundedServer, webSocket, webSocketEnd } from './web-socket.ts'

export interface Upgrades {
  /** Answers an upgrade; false: it is not the hub's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Ends what did not end by itself. */
  cut(): void
}

/** Answers upgrades to WebSocket (RFC 6455): of channels, and of tunnels to TCP. */
export function createUpgradeHandler({ tunnels, ...serving }: Serving & { tunnels: Tunnels }): Upgrades {
  const { ws, path, startFrom, maxMessageBytes, now, admission, registry, streams, stalls } = serving
  const sockets = socketServer(
    ws,
    { ...boundedServer(maxMessageBytes), handleProtocols: () => META_SUBPROTOCOL },
    serving.report,
  )

  const connect = (request: IncomingMessage, socket: Duplex, head: Buffer, about: Address, client: Client) => {
    const place = requestedPlace(request.headers, about.query)
    if (typeof place === 'string') return refuseUpgrade(socket, { status: 400, line: place })
    const end = place && registry.endAt(about.name, place)
    const channel = end ? undefined : registry.channel(about.name)
    sockets.accept(request, socket, head, (connected) => {
      // What goes wrong with one connection ends that connection; `close` follows.
      connected.on('error', () => {})
      if (end) return webSocketEnd(connected, end)
      if (!channel) return connected.terminate()
      const resumption = channel.resume(place, startFrom, now())
      const publisher = publisherOf({ ...serving, client, intent: intentOf('publish', request, about) })
      connected.on(
        'close',
        streams.add(
          webSocket({
            ...serving,
            limitKey: client.limitKey,
            socket: connected,
            carrier: socket,
            channel,
            resumption,
            publisher,
          }),
        ),
      )
    })
  }

  const toChannel = (target: string, request: IncomingMessage, socket: Duplex, head: Buffer): Destination => {
    const about = parseTarget(target, path)
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim())
    return {
      ...(!offered.includes(META_SUBPROTOCOL) && {
        invalid: { status: 400, line: `offer the subprotocol ${META_SUBPROTOCOL}` },
      }),
      intent: intentOf('subscribe', request, about),
      connect: (client) => connect(request, socket, head, about, client),
    }
  }

  /** What is at a target; undefined: nothing of the hub's. */
  const destination = (request: IncomingMessage, socket: Duplex, head: Buffer): Destination | undefined => {
    const { url = '' } = request
    try {
      return (
        tunnels.at(url, request, socket, head) ??
        (isUnder(url, path) ? toChannel(url, request, socket, head) : undefined)
      )
    } catch (error) {
      return { invalid: refusalOf(error, serving.report), connect: () => {} }
    }
  }

  return {
    upgrade(request, socket, head) {
      const to = destination(request, socket, head)
      if (!to) return false
      // Before anything is decided: a reset without a listener would end the process.
      socket.on('error', () => {})
      stalls.addEnd(socket)
      const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
      const client = admission.identify(request, [request.headers.origin])
      admission.admit({
        client,
        invalid: isWebSocket ? to.invalid : UPGRADE_REQUIRED,
        intent: to.intent,
        connection: socket,
        refuse: (refusal) => refuseUpgrade(socket, refusal),
        serve: () => void ('status' in client || to.connect(client)),
      })
      return true
    },
    cut() {
      sockets.cut()
      tunnels.cut()
    },
  }
}

const UPGRADE_REQUIRED: Refusal = {
  status: 426,
  line: 'the only upgrade is to websocket',
  headers: { Upgrade: 'websocket' },
}

const intentOf = (
  action: 'subscribe' | 'publish',
  { method = '' }: IncomingMessage,
  { name: channel, query }: Address,
): Intent => ({ action, channel, technique: 'webSocket', method, query })

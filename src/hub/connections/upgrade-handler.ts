import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { META_SUBPROTOCOL } from '../../wire/constants.ts'
import { SESSION_SUBPROTOCOL } from '../../wire/session-frames.ts'
import { isUnder, parseSessionTarget, parseTarget, type Route } from '../http/route.ts'
import type { Client } from '../security/identify-client.ts'
import type { Intent } from './admit.ts'
import { findRequested } from '../http/resume-cursor.ts'
import { refusalOf, refuseUpgrade, type Refusal } from '../http/http-errors.ts'
import type { HubContext } from '../hub-context.ts'
import { createSocketServer } from './socket-server.ts'
import type { Destination, Tunnels } from './tunnels.ts'
import { HEADS } from '../sessions/session-requests.ts'
import { serveSessionSocket } from '../sessions/session-socket.ts'
import { boundedServer, endWebSocket, serveWebSocket } from './web-socket.ts'

export interface UpgradeHandler {
  /** Handles an upgrade. False: the hub has nothing at its target. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Closes every connection that has not ended. */
  terminate(): void
}

/** Handles upgrades to WebSocket (RFC 6455): of channels, and of tunnels to TCP. */
export function createUpgradeHandler({ tunnels, ...context }: HubContext & { tunnels: Tunnels }): UpgradeHandler {
  const { ws, path, startFrom, maxMessageBytes, now, identify, admission, registry, connections, stalls } = context
  const sockets = createSocketServer(
    ws,
    { ...boundedServer(maxMessageBytes), handleProtocols: () => META_SUBPROTOCOL },
    context.report,
  )
  const sessionSockets = createSocketServer(
    ws,
    { ...boundedServer(maxMessageBytes + HEADS), handleProtocols: () => SESSION_SUBPROTOCOL },
    context.report,
  )

  const connect = (request: IncomingMessage, transport: Duplex, head: Buffer, route: Route, client: Client) =>
    sockets.whenLoaded(transport, (server) => {
      // Only now: a channel is kept only from the moment a client subscribes to it.
      const requested = findRequested(registry, route, request.headers)
      if ('status' in requested) return refuseUpgrade(transport, requested)
      server.handleUpgrade(request, transport, head, (socket) => {
        // An error of a connection ends that connection, and `close` follows.
        socket.on('error', () => {})
        if (requested.end) return endWebSocket(socket, requested.end)
        const { channel, cursor } = requested
        const connection = serveWebSocket({
          ...context,
          limitKey: client.limitKey,
          socket,
          transport,
          channel,
          resumption: channel.resume(cursor, startFrom, now()),
          permission: { client, intent: intentOf('publish', request, route) },
        })
        socket.on('close', connections.add(connection))
      })
    })

  const toChannel = (target: string, request: IncomingMessage, socket: Duplex, head: Buffer): Destination => {
    const route = parseTarget(target, path)
    return {
      ...(!offers(request, META_SUBPROTOCOL) && { invalid: MISSING_SUBPROTOCOL }),
      intent: intentOf('subscribe', request, route),
      connect: (client) => connect(request, socket, head, route, client),
    }
  }

  /** Undefined: the upgrade is not for a session. */
  const toSession = (
    target: string,
    request: IncomingMessage,
    transport: Duplex,
    head: Buffer,
  ): Destination | undefined => {
    const query = offers(request, SESSION_SUBPROTOCOL) ? parseSessionTarget(target, path) : undefined
    return (
      query && {
        connect: (client) =>
          sessionSockets.whenLoaded(transport, (server) =>
            server.handleUpgrade(request, transport, head, (socket) => {
              socket.on('error', () => {})
              serveSessionSocket(context, socket, transport, { client, query })
            }),
          ),
      }
    )
  }

  /** Finds the destination of an upgrade. Undefined: the hub has none. */
  const destinationOf = (request: IncomingMessage, socket: Duplex, head: Buffer): Destination | undefined => {
    const { url = '' } = request
    try {
      const session = toSession(url, request, socket, head)
      if (session) return session
      const tunnel = tunnels.at(url, request, socket, head)
      return tunnel ?? (isUnder(url, path) ? toChannel(url, request, socket, head) : undefined)
    } catch (error) {
      return { invalid: refusalOf(error, context.report), connect: () => {} }
    }
  }

  return {
    upgrade(request, socket, head) {
      const destination = destinationOf(request, socket, head)
      if (!destination) return false
      // Before anything is decided: a reset without a listener would end the process.
      socket.on('error', () => {})
      stalls.addEnd(socket)
      const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket'
      admission.admit({
        client: identify(request, [request.headers.origin]),
        invalid: isWebSocket ? destination.invalid : UPGRADE_REQUIRED,
        intent: destination.intent,
        connection: socket,
        refuse: (refusal) => refuseUpgrade(socket, refusal),
        serve: destination.connect,
      })
      return true
    },
    terminate() {
      sockets.terminate()
      sessionSockets.terminate()
      tunnels.terminate()
    },
  }
}

const offers = ({ headers }: IncomingMessage, subprotocol: string): boolean =>
  (headers['sec-websocket-protocol'] ?? '').split(',').some((name) => name.trim() === subprotocol)

const UPGRADE_REQUIRED: Refusal = {
  status: 426,
  message: 'Upgrade not supported. The only upgrade is to websocket.',
  headers: { Upgrade: 'websocket' },
}

const MISSING_SUBPROTOCOL: Refusal = {
  status: 400,
  message: `Missing subprotocol. Offer ${META_SUBPROTOCOL}.`,
}

const intentOf = (
  action: 'subscribe' | 'publish',
  { method = '' }: IncomingMessage,
  { name: channel, query }: Route,
): Intent => ({ action, channel, technique: 'webSocket', method, query })

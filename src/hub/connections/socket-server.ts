import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws'
import { HubError } from '../errors.ts'
import { CLOSED, refusalOf, refuseUpgrade } from '../http/http-errors.ts'
import type { Report } from '../report.ts'

/** The exports of the package `ws`. */
export type Ws = typeof import('ws')

/**
 * Loads `ws`. It is an optional peer dependency, because a project that only uses the client does not need it.
 *
 * @throws HubError (rejects) `missing-package`
 */
export const loadWs = (): Promise<Ws> =>
  import('ws').catch((cause: unknown) => {
    throw new HubError(
      'missing-package',
      'The hub cannot serve WebSockets: the package "ws" is not installed. Run `npm install ws`.',
      { cause },
    )
  })

/** Accepts WebSockets on the sockets of upgrade requests. */
export interface SocketServer {
  /** Completes the handshake (RFC 6455 section 4.2), or responds with an HTTP error. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, use: (accepted: WebSocket, ws: Ws) => void): void
  /** Terminates every WebSocket that is still open. Later upgrade requests are rejected. */
  cut(): void
}

/** Returns a server that accepts WebSockets as soon as `ws` is loaded. */
export function socketServer(ws: Promise<Ws>, options: ServerOptions, report: Report): SocketServer {
  let server: WebSocketServer | undefined
  let closed = false
  const loaded = ws.then((ws) => ({ ws, server: (server = new ws.WebSocketServer(options)) }))
  // Each upgrade request reports the error, and `listen` rejects with it.
  loaded.catch(() => {})
  return {
    accept(request, socket, head, use) {
      loaded
        .then(({ ws, server }) => {
          if (closed) refuseUpgrade(socket, CLOSED)
          else server.handleUpgrade(request, socket, head, (accepted) => use(accepted, ws))
        })
        .catch((error: unknown) => refuseUpgrade(socket, refusalOf(error, report)))
    },
    cut() {
      closed = true
      for (const accepted of server?.clients ?? []) accepted.terminate()
    },
  }
}

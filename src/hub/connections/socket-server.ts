import type { Duplex } from 'node:stream'
import type { ServerOptions, WebSocketServer } from 'ws'
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
  /**
   * Calls `use` as soon as `ws` is loaded, to complete the handshake with `server.handleUpgrade` (RFC 6455 section 4.2).
   * It refuses the upgrade if `ws` is not installed, the hub was closed meanwhile, or `use` throws.
   */
  whenLoaded(socket: Duplex, use: (server: WebSocketServer, ws: Ws) => void): void
  /** Terminates every open WebSocket. Later upgrades are refused. */
  terminate(): void
}

/** Creates a server that accepts WebSockets as soon as `ws` is loaded. */
export function createSocketServer(loading: Promise<Ws>, options: ServerOptions, report: Report): SocketServer {
  let server: WebSocketServer | undefined
  let closed = false
  const loaded = loading.then((ws) => ({ ws, server: (server = new ws.WebSocketServer(options)) }))
  // Each upgrade reports the error, and `listen` rejects with it.
  loaded.catch(() => {})
  return {
    whenLoaded(socket, use) {
      loaded
        .then(({ ws, server }) => {
          if (closed) refuseUpgrade(socket, CLOSED)
          else use(server, ws)
        })
        .catch((error: unknown) => refuseUpgrade(socket, refusalOf(error, report)))
    },
    terminate() {
      closed = true
      for (const socket of server?.clients ?? []) socket.terminate()
    },
  }
}

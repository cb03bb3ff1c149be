import { createServer, type RequestListener, type Server } from 'node:http'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import { closeServer, listenAt } from './listening.ts'

export interface SocketServer {
  readonly port: number
  /** How many WebSockets were opened. */
  readonly requests: number
  /** Restarts the server at its port. `forget`: clears what it had in its memory. */
  restart(forget: () => void): Promise<void>
  close(): Promise<void>
}

export interface SocketServerOptions extends Omit<ServerOptions, 'server' | 'port'> {
  /** Begins to serve a WebSocket. */
  connected?: (socket: WebSocket, url: string) => void
  /** Begins to serve a server that was started. */
  started?: (sockets: WebSocketServer) => void
  /** Responds to other requests. */
  respond?: RequestListener
}

/** Serves WebSockets at a free port of loopback. */
export async function serveSockets({
  connected,
  started,
  respond,
  ...options
}: SocketServerOptions): Promise<SocketServer> {
  let requests = 0
  let server: Server
  let sockets: WebSocketServer

  const start = (port: number) => {
    server = createServer(respond)
    sockets = new WebSocketServer({ ...options, server })
    sockets.on('connection', (socket, { url = '' }) => {
      requests += 1
      socket.on('error', () => {})
      connected?.(socket, url)
    })
    started?.(sockets)
    return listenAt(server, port)
  }
  const close = () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    return closeServer(server)
  }

  const port = await start(0)
  return {
    port,
    get requests() {
      return requests
    },
    async restart(forget) {
      await close()
      forget()
      await start(port)
    },
    close,
  }
}

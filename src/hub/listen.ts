import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerText } from './answer.ts'
import type { Duplex } from 'node:stream'
import { HubError } from './hub-error.ts'
import { refuseUpgrade } from './web-socket.ts'

export interface ListenOptions {
  /** 0 takes a free one. @default 0 */
  port?: number
  /** A loopback address. @default '127.0.0.1' */
  host?: string
}

export interface Listening {
  /** Where channels are not yet: `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  /** Stops listening and ends every connection; resolves when all are gone. */
  close(): Promise<void>
}

/** What is served. */
interface Handler {
  handle(request: IncomingMessage, response: ServerResponse): boolean
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  close(): Promise<void>
}

/** Serves a hub on a port of its own. */
export async function listen(hub: Handler, { port = 0, host = '127.0.0.1' }: ListenOptions = {}): Promise<Listening> {
  if (!/^(localhost|::1|127(\.\d{1,3}){3})$/.test(host)) {
    throw new HubError(
      'not-loopback',
      `${host} can be reached by others, and the hub trusts whoever reaches it: bind 127.0.0.1 and put a server in front`,
    )
  }
  const server = createServer((request, response) => {
    if (!hub.handle(request, response)) answerText(response, 404, 'no channel is here')
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    if (!hub.upgrade(request, socket, head)) refuseUpgrade(socket, 404, 'no channel is here')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    port: bound,
    async close() {
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()))
      await hub.close()
      // Streams were told to come back; what is left has nothing more to say.
      server.closeAllConnections()
      await closed
    },
  }
}

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { HubError } from './hub-error.ts'
import { refuse, refuseUpgrade } from './refusal.ts'

export interface ListenOptions {
  /** 0 takes a free one. @default 0 */
  port?: number
  /** A loopback address; another one only where the hub has `authorize`. @default '127.0.0.1' */
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
  /** Whether it asks who may do what, so that others may reach it. */
  readonly guarded: boolean
}

const NO_CHANNEL = { status: 404, line: 'no channel is here' }

/** Serves a hub on a port of its own. */
export async function listen(hub: Handler, { port = 0, host = '127.0.0.1' }: ListenOptions = {}): Promise<Listening> {
  if (!hub.guarded && !/^(localhost|::1|127(\.\d{1,3}){3})$/.test(host)) {
    throw new HubError(
      'not-loopback',
      `${host} can be reached by others, and this hub asks nobody who they are: give it \`authorize\` (and its names in \`hosts\`), or bind 127.0.0.1`,
    )
  }
  // A head or a body that trickles in holds a connection no longer than this.
  const server = createServer({ headersTimeout: 20_000, requestTimeout: 60_000 }, (request, response) => {
    if (!hub.handle(request, response)) refuse(response, NO_CHANNEL)
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {})
    if (!hub.upgrade(request, socket, head)) refuseUpgrade(socket, NO_CHANNEL)
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

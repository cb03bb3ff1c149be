import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ChannelState } from './channels/channel.ts'
import type { ListenOptions, Listening, TcpListening, TcpOptions } from './listen.ts'

/** An embedded push server. */
export interface Hub {
  /**
   * Publishes a message to a channel. Returns its cursor and how many subscribers receive it now.
   *
   * The content type of a string is `text/plain`, and of bytes `application/octet-stream`, unless `contentType` is set.
   *
   * @throws HubError `invalid-channel`, `invalid-body`, `invalid-content-type`, `invalid-event`, `too-large`,
   * `too-many-channels`, `closed`
   * @example hub.publish('prices', JSON.stringify({ symbol: 'ACME' }), { contentType: 'application/json' })
   */
  publish(
    channel: string,
    body: string | Uint8Array,
    options?: { contentType?: string; event?: string },
  ): { id: string; subscribers: number }
  /**
   * Returns the current cursor of a channel. Read it before you read the data of a snapshot: a client that resumes from
   * it misses no message.
   * @throws HubError `invalid-channel`
   */
  cursor(channel: string): string
  /** Returns the state of a channel. Undefined: it has neither messages nor subscribers. */
  state(channel: string): ChannelState | undefined
  /**
   * Ends a channel for all its subscribers, with any technique. Returns false if the hub kept nothing of it.
   * @throws HubError `invalid-channel`
   */
  delete(channel: string): boolean
  /**
   * Handles a request under `path`. Returns false if the hub has nothing at its target. It fits `connect` and `node:http`.
   * @example app.use((request, response, next) => { if (!hub.handle(request, response)) next() })
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /**
   * Handles an upgrade under `path`. Returns false if the hub has nothing at its target.
   * @example server.on('upgrade', (request, socket, head) => { if (!hub.upgrade(request, socket, head)) socket.destroy() })
   */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /**
   * Serves the hub on a port of its own, until the hub is closed. Without `authorize`, only a loopback address is allowed.
   * @throws HubError (rejects) `not-loopback`, `invalid-option`, `missing-package`, `closed`; the error of the server if it
   * cannot listen
   */
  listen(options?: ListenOptions): Promise<Listening>
  /**
   * Serves the hub over TCP too, as lines, until the hub is closed. It also accepts WebSockets at `path` itself, which
   * `flashSocket()` uses as a tunnel to them.
   * @throws HubError (rejects) `not-loopback`, `invalid-option`, `closed`; the error of the server if it cannot listen
   */
  listenTcp(options?: TcpOptions): Promise<TcpListening>
  /**
   * Closes the hub, and the servers that `listen` and `listenTcp` started. Clients reconnect. Resolves when all connections
   * are closed. A server of your own stays open: the hub responds with 503 there.
   */
  close(): Promise<void>
}

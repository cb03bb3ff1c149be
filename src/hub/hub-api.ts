import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ChannelState } from './channels/channel.ts'
import type { ListenOptions, Listening } from './listen.ts'
import type { TcpListening, TcpOptions } from './listen-tcp.ts'

/** The embedded push server. */
export interface Hub {
  /**
   * Publishes to a channel. A string is `text/plain` and bytes are `application/octet-stream` unless `contentType`
   * says otherwise.
   * @throws HubError `invalid-channel`, `invalid-body`, `invalid-content-type`, `invalid-event`, `too-large`,
   * `too-many-channels`, `closed`
   */
  publish(
    channel: string,
    body: string | Uint8Array,
    options?: { contentType?: string; event?: string },
  ): { id: string; subscribers: number }
  /** Where a channel is now. Read it before the state that a snapshot is made of. @throws HubError `invalid-channel` */
  cursor(channel: string): string
  state(channel: string): ChannelState | undefined
  /**
   * Ends a channel and tells its subscribers, those that poll too; false where nothing was kept of it.
   * @throws HubError `invalid-channel`
   */
  delete(channel: string): boolean
  /** Answers a request under `path`; false: it is not the hub's. Fits `connect` and `node:http`. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** The same for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Serves the hub on its own port, on loopback, or wherever it has `authorize`. @throws HubError (rejects) `not-loopback`, `missing-package` */
  listen(options?: ListenOptions): Promise<Listening>
  /**
   * Serves the hub over TCP too, as lines, and tunnels WebSockets at `path` itself there: what `flashSocket()` connects
   * to. Until the hub is closed. @throws HubError (rejects) `not-loopback`
   */
  listenTcp(options?: TcpOptions): Promise<TcpListening>
  /** Ends every connection so that clients come back, and stops the clock. Resolves when all are gone. */
  close(): Promise<void>
}

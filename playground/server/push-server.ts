import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** What the pages are pushed to by: the embedded hub, or nodes of nginx with Nchan. */
export interface PushServer {
  publish(channel: string, body: string, options: { contentType: string }): unknown
  /** Where a channel is now. */
  cursor(channel: string): string | undefined | Promise<string | undefined>
  /** Answers a request to a channel; false: it is to none. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** The same for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Its nodes, by name: whether each runs. Absent: it has none. */
  nodes?(): Record<string, boolean>
  /** Kills a node as a power cut would, or starts it anew. */
  power?(node: string, on: boolean): Promise<void>
  /** Where somebody publishes from a terminal. Absent: at the page's own origin. */
  publisher?(): string | undefined
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** The push server of the pages: the embedded hub, or nodes of nginx with Nchan. */
export interface PushServer {
  publish(channel: string, body: string, options: { contentType: string }): unknown
  /** Returns a channel's cursor. */
  cursor(channel: string): string | undefined | Promise<string | undefined>
  /** Handles a request to a channel; returns false for other requests. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** Handles an upgrade to a channel; returns false for other upgrades. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Whether each node runs, by name; absent with the hub. */
  nodes?(): Record<string, boolean>
  /** Kills a node as a power cut would, or starts it again. */
  power?(node: string, on: boolean): Promise<void>
  /** The URL to publish to from a terminal. @default the page's own origin */
  publisher?(): string | undefined
}

import type { Duplex, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Refusal } from '../http/http-errors.ts'
import { oneLine } from '../sanitize.ts'

/** Why the hub ends a connection: its channel was deleted, the hub stops, or its client is refused. */
export type EndReason = 'ended' | 'restart' | Refusal

/** A connection that messages are written to: an HTTP response, a TCP connection or a WebSocket. */
export interface Sink {
  /** The bytes that were written and are not sent yet. */
  readonly buffered: number
  /** Writes a piece of a message. False: do not write more until `onDrain`. */
  write(piece: Buffer | string, binary: boolean, isLast: boolean): boolean
  end(reason: EndReason): void
  destroy(): void
  onDrain(listener: () => void): void
  onClose(listener: () => void): void
}

/** An HTTP response or a TCP connection. `delimiter` is written after each message. */
export class WritableSink implements Sink {
  private readonly to: Writable
  private readonly delimiter: string

  constructor(to: Writable, delimiter = '') {
    this.to = to
    this.delimiter = delimiter
  }

  get buffered(): number {
    return this.to.writableLength
  }

  write(piece: Buffer | string, _binary: boolean, isLast: boolean): boolean {
    const more = this.to.write(piece)
    return isLast && this.delimiter !== '' ? this.to.write(this.delimiter) : more
  }

  end(): void {
    this.to.end()
  }

  destroy(): void {
    this.to.destroy()
  }

  onDrain(listener: () => void): void {
    this.to.on('drain', listener)
  }

  onClose(listener: () => void): void {
    this.to.on('close', listener)
  }
}

/** A WebSocket, with the socket that transports it. */
export class WebSocketSink implements Sink {
  private readonly socket: WebSocket
  private readonly transport: Duplex

  constructor(socket: WebSocket, transport: Duplex) {
    this.socket = socket
    this.transport = transport
  }

  get buffered(): number {
    return this.socket.bufferedAmount
  }

  /** The pieces of a message are its fragments. */
  write(piece: Buffer | string, binary: boolean, isLast: boolean): boolean {
    const { socket, transport } = this
    if (socket.readyState !== socket.OPEN) return true
    // Frames that are written in one tick leave in one packet, as `node:http` does it for responses.
    if (transport.writableCorked === 0) {
      transport.cork()
      process.nextTick(uncork, transport)
    }
    socket.send(piece, { binary, fin: isLast })
    return !transport.writableNeedDrain
  }

  end(reason: EndReason): void {
    closeWebSocket(this.socket, reason)
  }

  destroy(): void {
    this.socket.terminate()
  }

  onDrain(listener: () => void): void {
    this.transport.on('drain', listener)
  }

  onClose(listener: () => void): void {
    this.socket.on('close', listener)
  }
}

const uncork = (transport: Duplex): void => transport.uncork()

/** Close codes (PROTOCOL.md section 5). */
const GONE = 1001
const POLICY_VIOLATION = 1008
const INTERNAL_ERROR = 1011
const SERVICE_RESTART = 1012
const TRY_AGAIN_LATER = 1013

/** The longest reason of a close frame, in bytes (RFC 6455 section 5.5). */
const MAX_CLOSE_REASON = 123

/** Sends the close frame of an end (PROTOCOL.md section 5). */
export function closeWebSocket(socket: WebSocket, reason: EndReason): void {
  if (reason === 'ended') return socket.close(GONE, '410 Gone')
  if (reason === 'restart') return socket.close(SERVICE_RESTART, 'The hub is stopping. Reconnect.')
  const { status, message, headers } = reason
  const code = headers?.['Retry-After'] ? TRY_AGAIN_LATER : status < 500 ? POLICY_VIOLATION : INTERNAL_ERROR
  socket.close(code, oneLine(message, MAX_CLOSE_REASON))
}

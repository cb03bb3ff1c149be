import { ALIVE, type Payload } from '../../events.ts'
import type { WebSocketBackend } from '../backend.ts'

/** A heartbeat that the client sends on WebSockets, for servers that close a silent connection or send nothing themselves. */
export interface StandardHeartbeat {
  /** The message to send: text, bytes, or a function that returns either. */
  send: Payload | (() => Payload)
  /** The time between two heartbeats, in ms. */
  every: number
  /** Recognizes the server's response, which is not a message: the exact text, or a function that returns true for it. */
  expect?: string | ((frame: Payload) => boolean)
  /**
   * How long the server may take to respond, in ms. If nothing arrives for `every` + `within`, the connection fails with
   * `heartbeat-timeout`. @default 10_000 with `expect`; without it no response is expected
   */
  within?: number
}

const RESPONSE_TIMEOUT = 10_000

/** Returns the parts of a WebSocket backend that send heartbeats and recognize the responses to them. */
export function clientHeartbeat({
  send,
  every,
  expect,
  within,
}: StandardHeartbeat): Pick<WebSocketBackend, 'ping' | 'frame'> {
  const isResponse = typeof expect === 'function' ? expect : (frame: Payload) => frame === expect
  return {
    ping: {
      send: typeof send === 'function' ? send : () => send,
      every,
      within: expect === undefined ? within : (within ?? RESPONSE_TIMEOUT),
    },
    frame: (data) => (expect !== undefined && isResponse(data) ? ALIVE : { type: 'message', data, event: 'message' }),
  }
}

import type { IncomingMessage } from 'node:http'
import type { Authorize } from './security/authorize.ts'
import type { StartFrom } from './channels/channel.ts'
import type { ProxyOptions } from './security/client-address.ts'
import type { HistoryLimits } from './channels/history.ts'
import type { LimitOptions } from './security/rate-limits.ts'
import type { OriginOptions } from './security/origin-policy.ts'
import type { Log } from './report.ts'
import type { TcpTarget } from './connections/tunnels.ts'

export interface HubOptions extends OriginOptions, ProxyOptions, LimitOptions {
  /** Where channels are: `<path><channel>`. @default '/push/' */
  path?: string
  /** What is kept for those who resume. @default 1000 messages, 5 minutes, 8 MiB a channel */
  history?: Partial<HistoryLimits>
  /**
   * What all channels together keep, in bytes, 256 for each message added to its body. The oldest channel's go first,
   * those of channels that only requests published to before the application's; a `gap` says so. @default 256 MiB
   */
  maxHistoryBytes?: number
  /**
   * Channels that are kept because somebody published to them. A POST to one more is answered 503; to read a channel is
   * never refused for it. `publish` makes room: it forgets the channel that nobody reads and only requests published to,
   * the oldest first, and throws only where the application published to so many channels itself. @default 10_000
   */
  maxChannels?: number
  /** Who may do what; absent: who reaches the hub may all. @default none, so that it binds loopback only */
  authorize?: Authorize
  /**
   * Tells a client's address, for `authorize` and the limits, where `trustedProxies` cannot. An error that it throws and
   * a value that is not a string are a 500 to that client, and a line to `log`.
   * @default the peer's address, or the one that a trusted proxy names
   */
  clientIp?: (request: IncomingMessage) => string
  /**
   * Receives one line for each fault that is not a client's: a callback that throws, rejects, hangs or returns nonsense,
   * a connection that cannot be accepted. Lines hold no control characters and have up to 2 KiB. @default console.error
   */
  log?: Log
  /** The longest silence of a healthy connection, in ms. @default 15_000 */
  heartbeat?: number
  /** Where a subscriber without a cursor begins. @default 'newest' */
  startFrom?: StartFrom
  /** @default 2 MiB */
  maxMessageBytes?: number
  /**
   * What may wait for one connection, in bytes; above it the connection is cut. One message may come on top, however
   * large, and 64 KiB are always allowed. Kept messages that a subscriber is owed do not count: they are read as it
   * takes them. @default 8 MiB
   */
  maxBufferedBytes?: number
  /**
   * How long a connection may make no progress while something waits for its other side, in ms: bytes to be taken, the
   * rest of a message, a close. Then it is cut, at most half as long later. @default 30_000
   */
  stallTimeout?: number
  /**
   * What all clients together may have sent of messages that are not whole yet, in bytes: bodies of POSTs, lines,
   * WebSocket messages; and of those that wait for `authorize`. Above it the address that sent most (`maxConnectionsPerAddress`
   * says what an address is) loses its largest: a POST and a line are refused with 503, a WebSocket is cut. No less than
   * `maxMessageBytes`. @default 128 MiB
   */
  maxIncomingBytes?: number
  /**
   * What may wait for all connections together, in bytes; a message that waits for several counts once. Above it the
   * connection that most waits for is cut. No less than eight times `maxMessageBytes`. @default 256 MiB
   */
  maxOutgoingBytes?: number
  /**
   * WebSockets at these paths are tunnelled to these TCP servers, and to nothing else; `authorize` is asked for each
   * (`tunnel`, the path as `channel`). @default none
   */
  tunnels?: Readonly<Record<string, TcpTarget>>
  /**
   * The clock of ids, ages and rates, in ms since the epoch: for tests. Only how it advances counts; a step back counts as
   * no time. @default the wall clock as it was at first, and a monotonic clock since
   */
  now?: () => number
}

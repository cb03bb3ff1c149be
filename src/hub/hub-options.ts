import type { IncomingMessage } from 'node:http'
import type { Authorize } from './security/authorize.ts'
import type { StartFrom } from './channels/channel.ts'
import type { ProxyOptions } from './security/client-address.ts'
import type { HistoryLimits } from './channels/history.ts'
import type { Receive } from './security/receive.ts'
import type { LimitOptions } from './security/rate-limits.ts'
import type { OriginOptions } from './security/origin-policy.ts'
import type { Log } from './report.ts'
import type { TcpTarget } from './connections/tunnels.ts'

export interface HubOptions extends OriginOptions, ProxyOptions, LimitOptions {
  /** The path of all channels: the URL of a channel is `<path><channel>`. It starts and ends with a slash. @default '/push/' */
  path?: string
  /**
   * Limits what each channel keeps for clients that resume. The oldest messages are dropped first.
   * @default { count: 1000, age: 300_000, bytes: 8_388_608 } (1,000 messages, 5 minutes, 8 MiB)
   */
  history?: Partial<HistoryLimits>
  /**
   * Limits what all channels together keep, in bytes. Each message counts 256 bytes more than its body. The channel that
   * was published to longest ago loses its oldest messages first. Channels that only requests published to lose theirs
   * before the application's channels. Subscribers that need them receive a `gap`.
   * @default 268_435_456 (256 MiB)
   */
  maxHistoryBytes?: number
  /**
   * Limits how many channels are kept because they were published to. The response to a POST to another one is 503.
   * Subscribing is never rejected for this limit. `publish` makes room: it removes the oldest channel that has no
   * subscriber and that only requests published to. It throws if the application itself published to so many channels.
   * @default 10_000
   */
  maxChannels?: number
  /**
   * Decides whether a client may do something. Without it, every client may do everything, and the hub listens on
   * loopback addresses only.
   * @default undefined
   * @example authorize: ({ action, query }) => action === 'subscribe' && mayRead(query.get('token'))
   */
  authorize?: Authorize
  /**
   * Receives each message that a client publishes, by any technique, after `authorize` and before it is published. Its
   * result is the reply, which the client gets with the acknowledgement. It may reject the message. A message that a client
   * repeats is received once, and gets the same reply.
   * @default undefined
   * @example receive: async ({ data }) => ({ id: await orders.insert(JSON.parse(String(data))) })
   */
  receive?: Receive
  /**
   * Returns the address of a client, for `authorize` and the limits, if `trustedProxies` is not enough. If it throws or
   * returns another value, the client receives a 500, and `log` receives a line.
   * @default the address of the connection, or the one that a trusted proxy sends
   * @example clientIp: (request) => String(request.headers['cf-connecting-ip'])
   */
  clientIp?: (request: IncomingMessage) => string
  /**
   * Receives a line for each failure that a client did not cause: a callback that throws, rejects, does not return or
   * returns an invalid value, or a connection that cannot be accepted. A line has no control characters and at most 2 KiB.
   * @default console.error
   */
  log?: Log
  /** The longest silence of a healthy connection, in ms: the interval of heartbeats. @default 15_000 */
  heartbeat?: number
  /**
   * Where a subscriber without a cursor starts: `newest` receives messages from now on, `oldest` all that are kept, and
   * -N the last N of them.
   * @default 'newest'
   */
  startFrom?: StartFrom
  /** The largest body of a message, in bytes. @default 2_097_152 (2 MiB) */
  maxMessageBytes?: number
  /**
   * Limits what may wait for one connection, in bytes. Above it the connection is closed, and its client resumes. One
   * message of any size and 64 KiB are always allowed. Kept messages that a subscriber missed do not count, because they
   * are read as it takes them.
   * @default 8_388_608 (8 MiB)
   */
  maxBufferedBytes?: number
  /**
   * How long a connection may make no progress while it waits for its client, in ms: to read bytes, to send the rest of a
   * message, or to close. Then it is closed, with a delay of at most half this time.
   * @default 30_000
   */
  stallTimeout?: number
  /**
   * Limits what all clients together have sent that is not published yet, in bytes: incomplete bodies, lines and
   * WebSocket messages, and messages that wait for `authorize`. Messages that `receive` decides about have as much room
   * again, a quarter of it for one address. Above the limit, the address that sent most loses its largest message: a POST
   * and a line are rejected with 503, and a WebSocket is closed. It must not be below `maxMessageBytes`.
   * @default 134_217_728 (128 MiB)
   */
  maxIncomingBytes?: number
  /**
   * Limits what may wait for all connections together, in bytes. A message that waits for several connections counts
   * once. Above it, the connection for which most waits is closed, and its client resumes. It must not be below eight
   * times `maxMessageBytes`.
   * @default 268_435_456 (256 MiB)
   */
  maxOutgoingBytes?: number
  /**
   * TCP servers that WebSockets at these paths are tunneled to. `authorize` is called for each tunnel, with the action
   * `tunnel` and the path as `channel`.
   * @default {}
   * @example tunnels: { '/quotes': { host: '127.0.0.1', port: 9000 } }
   */
  tunnels?: Readonly<Record<string, TcpTarget>>
  /**
   * The clock of cursors, ages and rates, in ms since the epoch, for tests. Only its progress counts: a step back counts
   * as no time.
   * @default a monotonic clock that starts at the wall clock
   */
  now?: () => number
}

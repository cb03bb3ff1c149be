import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { createAdmission, type AdmissionOptions } from './admission.ts'
import type { Authorize } from './authorization.ts'
import type { ChannelState, FirstMessage, HistoryLimits } from './channel.ts'
import { HubError } from './hub-error.ts'
import { listen, type ListenOptions, type Listening } from './listen.ts'
import { listenTcp, type TcpListening, type TcpOptions } from './listen-tcp.ts'
import { createLimits, type LimitOptions } from './limits.ts'
import { formatId } from './message-id.ts'
import { createRegistry } from './registry.ts'
import { createRequestHandler } from './requests.ts'
import { CLOSED } from './refusal.ts'
import { createStreams } from './streams.ts'
import { createTunnels, type TcpTarget } from './tunnels.ts'
import { createUpgradeHandler } from './upgrades.ts'

export interface HubOptions extends AdmissionOptions, LimitOptions {
  /** Where channels are: `<path><channel>`. @default '/push/' */
  path?: string
  /** What is kept for those who resume. @default 1000 messages, 5 minutes, 8 MiB a channel */
  history?: Partial<HistoryLimits>
  /**
   * What all channels together keep, in bytes, 256 for each message added to its body; the oldest go first, and a `gap`
   * says so. @default 256 MiB
   */
  maxHistoryBytes?: number
  /** A request for one more channel is answered 503. @default 10_000 */
  maxChannels?: number
  /** Who may do what; absent: who reaches the hub may all. @default none, so that it binds loopback only */
  authorize?: Authorize
  /** Whom the limits count; behind a proxy, what it says. @default the peer's address */
  address?: (request: IncomingMessage) => string
  /** The longest silence of a healthy connection, in ms. @default 15_000 */
  heartbeat?: number
  /** Where a subscriber without a cursor begins. @default 'newest' */
  firstMessage?: FirstMessage
  /** @default 2 MiB */
  maxMessageBytes?: number
  /** What may wait for a slow reader before it is cut, in bytes. @default 8 MiB */
  maxBacklog?: number
  /**
   * WebSockets at these paths are tunnelled to these TCP servers, and to nothing else; `authorize` is asked for each
   * (`tunnel`, the path as `channel`). @default none
   */
  tunnels?: Readonly<Record<string, TcpTarget>>
  /** The time, in ms since the epoch. @default Date.now */
  now?: () => number
}

/** The embedded push server. */
export interface Hub {
  /**
   * Publishes to a channel. A string is `text/plain` and bytes are `application/octet-stream` unless `contentType`
   * says otherwise.
   * @throws HubError `invalid-channel`, `invalid-body`, `invalid-content-type`, `invalid-event`, `too-large`, `closed`
   */
  publish(
    channel: string,
    body: string | Uint8Array,
    options?: { contentType?: string; event?: string },
  ): { id: string; subscribers: number }
  /** Where a channel is now. Read it before the state that a snapshot is made of. */
  cursor(channel: string): string
  state(channel: string): ChannelState | undefined
  /** Ends a channel and tells its subscribers; false where there was none. */
  delete(channel: string): boolean
  /** Answers a request under `path`; false: it is not the hub's. Fits `connect` and `node:http`. */
  handle(request: IncomingMessage, response: ServerResponse): boolean
  /** The same for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean
  /** Serves the hub on its own port, on loopback, or wherever it has `authorize`. @throws HubError (rejects) `not-loopback` */
  listen(options?: ListenOptions): Promise<Listening>
  /**
   * Serves the hub over TCP too, as lines, and tunnels WebSockets at `path` itself there: what `flashSocket()` connects
   * to. Until the hub is closed. @throws HubError (rejects) `not-loopback`
   */
  listenTcp(options?: TcpOptions): Promise<TcpListening>
  /** Ends every connection so that clients come back, and stops the clock. Resolves when all are gone. */
  close(): Promise<void>
}

/** In ms: what lies above fires at once. */
const LONGEST_TIMER = 2_147_483_647

/**
 * A push server in this process: every technique on one URL, as PROTOCOL.md says, with a bounded history to resume
 * from. It trusts nobody: Host and Origin are checked, everything is bounded, and it listens on loopback unless
 * `authorize` says who may do what.
 *
 * @throws HubError `invalid-option`
 * @example
 * const hub = createHub()
 * const { url } = await hub.listen({ port: 7780 })
 * hub.publish('prices', JSON.stringify({ symbol: 'ACME', price: 12.5 }), { contentType: 'application/json' })
 */
export function createHub({
  path = '/push/',
  history: { count = 1_000, age = 300_000, bytes = 8_388_608 } = {},
  heartbeat = 15_000,
  firstMessage = 'newest',
  maxMessageBytes = 2_097_152,
  maxBacklog = 8_388_608,
  maxHistoryBytes = 268_435_456,
  maxChannels = 10_000,
  authorize,
  address = ({ socket }) => socket.remoteAddress ?? '',
  tunnels: allowed = {},
  now = Date.now,
  origins = [],
  hosts = [],
  ...limited
}: HubOptions = {}): Hub {
  const numbers = {
    count,
    age,
    bytes,
    heartbeat,
    maxMessageBytes,
    maxBacklog,
    maxHistoryBytes,
    maxChannels,
    ...limited,
  }
  for (const [name, value] of Object.entries(numbers)) {
    if (value !== undefined && !(value > 0))
      throw new HubError('invalid-option', `${name} is ${value}, and must be above 0`)
  }
  if (heartbeat > LONGEST_TIMER)
    throw new HubError('invalid-option', `heartbeat is ${heartbeat}, and no timer can wait so long`)
  if (typeof firstMessage === 'number' && !(Number.isInteger(firstMessage) && firstMessage <= 0))
    throw new HubError('invalid-option', `firstMessage is ${firstMessage}, and is newest, oldest or -N`)
  if (!/^\/(.*\/)?$/.test(path))
    throw new HubError('invalid-option', `path ${JSON.stringify(path)} must begin and end with a slash`)

  const admission = createAdmission({ origins, hosts })
  const limits = createLimits(limited, now)
  const registry = createRegistry({
    history: { count, age, bytes },
    maxHistoryBytes,
    maxChannels,
    maxMessageBytes,
    now,
  })
  const streams = createStreams()
  const beat = setInterval(() => {
    streams.beat()
    registry.prune()
    limits.prune()
  }, heartbeat)
  // A hub that nobody is connected to does not keep a process alive.
  beat.unref()
  let closing: Promise<void> | undefined

  const serving = {
    path,
    heartbeat,
    firstMessage,
    maxMessageBytes,
    maxBacklog,
    now,
    admission,
    authorize,
    address,
    limits,
    registry,
    streams,
    closed: () => closing !== undefined,
  }
  const tunnels = createTunnels(allowed, serving)
  const upgrades = createUpgradeHandler({ ...serving, tunnels })
  const listeners: TcpListening[] = []

  const stop = async () => {
    clearInterval(beat)
    for (const listener of listeners) listener.close()
    await streams.stop()
    upgrades.cut()
  }

  const hub: Hub = {
    publish(name, body, { contentType, event } = {}) {
      if (closing) throw new HubError('closed', CLOSED.line)
      const { message, subscribers } = registry.publish(name, { body, contentType, event })
      return { id: message.cursor, subscribers }
    },
    cursor: (name) => formatId(registry.channel(name).last),
    state: registry.state,
    delete: (name) => registry.delete(name) !== undefined,

    handle: createRequestHandler(serving),
    upgrade: upgrades.upgrade,
    async listenTcp(options) {
      const listener = await listenTcp(serving, tunnels, options)
      listeners.push(listener)
      return listener
    },
    listen: (options) => listen({ ...hub, guarded: authorize !== undefined }, options),
    close: () => (closing ??= stop()),
  }
  return hub
}

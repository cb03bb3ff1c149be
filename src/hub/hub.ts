import { createAdmission } from './connections/admit.ts'
import { advancing, monotonic } from './clock.ts'
import { checkOptions } from './check-options.ts'
import { createArrivals, trustOf } from './security/client-address.ts'
import type { Hub } from './hub-api.ts'
import { HubError } from './errors.ts'
import type { HubOptions } from './hub-options.ts'
import { Incoming } from './connections/incoming.ts'
import { listen } from './listen.ts'
import { listenTcp, type TcpListening } from './listen-tcp.ts'
import { createLimits } from './security/rate-limits.ts'
import type { Publication } from './channels/message.ts'
import { createOriginPolicy } from './security/origin-policy.ts'
import { LONGEST_SPELLING, Outgoing } from './connections/outgoing.ts'
import { checkReach } from './security/bind-policy.ts'
import { CLOSED } from './http/http-errors.ts'
import { createRegistry, type Publisher } from './channels/channel-registry.ts'
import { createReport } from './report.ts'
import { createRequestHandler } from './http/request-handler.ts'
import { loadWs } from './connections/socket-server.ts'
import { createStallWatch } from './connections/stall-watch.ts'
import { createStreams } from './connections/connection-set.ts'
import { createTunnels } from './connections/tunnels.ts'
import { createUpgradeHandler } from './connections/upgrade-handler.ts'

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
  startFrom = 'newest',
  maxMessageBytes = 2_097_152,
  maxBufferedBytes = 8_388_608,
  stallTimeout = 30_000,
  maxIncomingBytes = Math.max(134_217_728, maxMessageBytes),
  maxOutgoingBytes = Math.max(268_435_456, LONGEST_SPELLING * maxMessageBytes),
  maxHistoryBytes = 268_435_456,
  maxChannels = 10_000,
  authorize,
  clientIp,
  trustedProxies = [],
  log,
  tunnels: allowed = {},
  now: source = monotonic(),
  allowedOrigins = [],
  allowedHosts = [],
  ...limited
}: HubOptions = {}): Hub {
  const numbers = {
    count,
    age,
    bytes,
    heartbeat,
    maxMessageBytes,
    maxBufferedBytes: maxBufferedBytes,
    stallTimeout,
    maxIncomingBytes,
    maxOutgoingBytes,
    maxHistoryBytes,
    maxChannels,
    ...limited,
  }
  checkOptions({ numbers, timers: { heartbeat, stallTimeout }, startFrom: startFrom, path })

  const report = createReport(log)
  const ws = loadWs()
  const isTrusted = trustOf(trustedProxies)
  const { maxConnections = 10_000, maxConnectionsPerAddress = 1_000 } = limited
  const sockets = { most: maxConnections, mostOfOne: maxConnectionsPerAddress, isTrusted }
  const now = advancing(source)
  const limits = createLimits(limited, now)
  const registry = createRegistry({
    history: { count, age, bytes },
    maxHistoryBytes,
    maxChannels,
    maxMessageBytes,
    now,
  })
  const streams = createStreams()
  const stalls = createStallWatch(stallTimeout)
  const beat = setInterval(() => {
    streams.beat()
    registry.prune()
    limits.prune()
  }, heartbeat)
  // A hub that nobody is connected to does not keep a process alive.
  beat.unref()
  let closing: Promise<void> | undefined

  const publish = (name: string, publication: Publication, by: Publisher = 'request') => {
    if (closing) throw new HubError('closed', CLOSED.line)
    return registry.publish(name, publication, by)
  }
  const admission = createAdmission({
    arrivalOf: createArrivals(isTrusted),
    clientIp,
    policy: createOriginPolicy({ allowedOrigins, allowedHosts }, report),
    authorize,
    limits,
    streams,
    closed: () => closing !== undefined,
    report,
  })
  const serving = {
    path,
    heartbeat,
    startFrom: startFrom,
    maxMessageBytes,
    maxBufferedBytes: maxBufferedBytes,
    now,
    admission,
    registry,
    publish,
    streams,
    stalls,
    incoming: new Incoming(maxIncomingBytes, stalls),
    outgoing: new Outgoing(maxOutgoingBytes),
    report,
    ws,
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

  /** Opens a listener where it may be: a hub that was closed, meanwhile too, has none. */
  const open = async <Listener>(options: { host?: string } | undefined, start: () => Promise<Listener>) => {
    checkReach(options?.host ?? '127.0.0.1', authorize !== undefined)
    if (closing) throw new HubError('closed', CLOSED.line)
    const listener = await start()
    if (closing) throw new HubError('closed', CLOSED.line)
    return listener
  }

  const hub: Hub = {
    publish(name, body, { contentType, event } = {}) {
      const { message, subscribers } = publish(name, { body, contentType, event }, 'application')
      return { id: message.cursor, subscribers }
    },
    cursor: registry.cursor,
    state: registry.state,
    delete: (name) => registry.delete(name) !== undefined,

    handle: createRequestHandler(serving),
    upgrade: upgrades.upgrade,
    listenTcp: (options) =>
      open(options, async () => {
        const listener = await listenTcp(serving, tunnels, sockets, options)
        listeners.push(listener)
        if (closing) listener.close()
        return listener
      }),
    listen: (options) =>
      open(options, async () => {
        await ws
        const listening = await listen({ ...hub, report, stalls, sockets }, options)
        if (closing) await listening.close()
        return listening
      }),
    close: () => (closing ??= stop()),
  }
  return hub
}

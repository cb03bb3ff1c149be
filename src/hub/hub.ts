import { createAdmission } from './connections/admit.ts'
import { advancing, monotonic } from './clock.ts'
import { checkOptions } from './check-options.ts'
import { createArrivals, trustOf } from './security/client-address.ts'
import type { Hub } from './hub-api.ts'
import type { HubContext } from './hub-context.ts'
import { HubError } from './errors.ts'
import type { HubOptions } from './hub-options.ts'
import { InboundBudget } from './connections/inbound-budget.ts'
import { listen, listenTcp, type HubServer, type TcpListening } from './listen.ts'
import { createLimits } from './security/rate-limits.ts'
import type { Publication } from './channels/message.ts'
import { createOriginPolicy } from './security/origin-policy.ts'
import { createIdentifyClient } from './security/identify-client.ts'
import { MAX_EXPANSION, OutboundBudget } from './connections/outbound-budget.ts'
import { checkBindHost } from './security/bind-policy.ts'
import { createRegistry } from './channels/channel-registry.ts'
import type { Publisher } from './channels/channel-table.ts'
import { createPublish } from './connections/publish.ts'
import { createReceivingBudget } from './connections/receiving-budget.ts'
import { createReport } from './report.ts'
import { createRequestHandler } from './http/request-handler.ts'
import { loadWs } from './connections/socket-server.ts'
import { createStallWatch } from './connections/stall-watch.ts'
import { createConnectionSet } from './connections/connection-set.ts'
import { createPublishers } from './sessions/publishers.ts'
import { createTunnels } from './connections/tunnels.ts'
import { createUpgradeHandler } from './connections/upgrade-handler.ts'

/**
 * Creates a push server in this process: every technique on one URL (PROTOCOL.md), with a bounded history for clients
 * that resume. It trusts no client: it checks Host and Origin, limits everything that it keeps, and listens on loopback
 * addresses only, unless `authorize` is set.
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
  maxOutgoingBytes = Math.max(268_435_456, MAX_EXPANSION * maxMessageBytes),
  maxHistoryBytes = 268_435_456,
  maxChannels = 10_000,
  authorize,
  receive,
  clientIp,
  trustedProxies = [],
  log,
  tunnels: allowedTunnels = {},
  now: source = monotonic(),
  allowedOrigins = [],
  allowedHosts = [],
  ...limitOptions
}: HubOptions = {}): Hub {
  const numbers = {
    count,
    age,
    bytes,
    heartbeat,
    maxMessageBytes,
    maxBufferedBytes,
    stallTimeout,
    maxIncomingBytes,
    maxOutgoingBytes,
    maxHistoryBytes,
    maxChannels,
    ...limitOptions,
  }
  checkOptions({ numbers, timers: { heartbeat, stallTimeout }, startFrom, path })

  const report = createReport(log)
  const ws = loadWs()
  const isTrusted = trustOf(trustedProxies)
  const { maxConnections = 10_000, maxConnectionsPerAddress = 1_000 } = limitOptions
  const sockets = { maxConnections, maxConnectionsPerAddress, isTrusted }
  const now = advancing(source)
  const limits = createLimits(limitOptions, now)
  const registry = createRegistry({
    history: { count, age, bytes },
    maxHistoryBytes,
    maxChannels,
    maxMessageBytes,
    now,
  })
  const connections = createConnectionSet()
  const stalls = createStallWatch(stallTimeout)
  const publishers = createPublishers(now)
  const timer = setInterval(() => {
    connections.ping()
    registry.prune()
    limits.prune()
    publishers.prune()
  }, heartbeat)
  // A hub without a connection does not keep a process alive.
  timer.unref()
  let closing: Promise<void> | undefined
  const isClosed = () => closing !== undefined

  const checkOpen = () => {
    if (isClosed()) throw new HubError('closed', 'Hub closed. Create a new one.')
  }
  const publish = (channel: string, publication: Publication, by: Publisher = 'request') => {
    checkOpen()
    return registry.publish(channel, publication, by)
  }
  const context: HubContext = {
    path,
    heartbeat,
    startFrom,
    maxMessageBytes,
    maxBufferedBytes,
    now,
    identify: createIdentifyClient({
      arrivalOf: createArrivals(isTrusted),
      clientIp,
      policy: createOriginPolicy({ allowedOrigins, allowedHosts }, report),
      report,
    }),
    admission: createAdmission({ authorize, limits, connections, isClosed, report }),
    registry,
    publish: createPublish({
      receive,
      check(channel, publication) {
        checkOpen()
        registry.check(channel, publication)
      },
      publish,
      receiving: createReceivingBudget(maxIncomingBytes),
      report,
    }),
    connections,
    stalls,
    spread: () => limits.spread,
    sessions: new Map(),
    publishers,
    inbound: new InboundBudget(maxIncomingBytes, stalls),
    outbound: new OutboundBudget(maxOutgoingBytes),
    report,
    ws,
  }
  const tunnels = createTunnels(allowedTunnels, context)
  const upgrades = createUpgradeHandler({ ...context, tunnels })
  const tcpListeners: TcpListening[] = []
  const servers: HubServer[] = []

  const stop = async () => {
    clearInterval(timer)
    for (const listener of tcpListeners) listener.close()
    for (const server of servers) server.stop()
    await connections.stop()
    upgrades.terminate()
    await Promise.all(servers.map((server) => server.finish()))
  }

  /** Starts a listener, unless its host is not allowed or the hub is closed, now or meanwhile. */
  const start = async <Listener>(host = '127.0.0.1', listener: () => Promise<Listener>) => {
    checkBindHost(host, authorize !== undefined)
    checkOpen()
    const listening = await listener()
    checkOpen()
    return listening
  }

  const hub: Hub = {
    publish(channel, body, { contentType, event } = {}) {
      const { message, subscribers } = publish(channel, { body, contentType, event }, 'application')
      return { id: message.cursor, subscribers }
    },
    cursor: registry.cursor,
    state: registry.state,
    delete: (channel) => registry.delete(channel) !== undefined,

    handle: createRequestHandler(context),
    upgrade: upgrades.upgrade,
    listenTcp: (options) =>
      start(options?.host, async () => {
        const listening = await listenTcp(context, tunnels, sockets, options)
        tcpListeners.push(listening)
        if (isClosed()) listening.close()
        return listening
      }),
    listen: (options) =>
      start(options?.host, async () => {
        await ws
        const { stop: stopServer, finish, ...listening } = await listen({ ...hub, report, stalls, sockets }, options)
        servers.push({ stop: stopServer, finish })
        if (isClosed()) {
          stopServer()
          await finish()
        }
        return { ...listening, close: hub.close }
      }),
    close: () => (closing ??= stop()),
  }
  return hub
}

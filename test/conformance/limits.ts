import type { ServerKind } from '../servers/control-client.ts'
import type { Engine } from './engines.ts'
import type { TechniqueName } from './rows.ts'

/** Requirements of the promises, and how the results change if a server, an engine or a technique does not meet one. */
const NEEDS = {
  runs: 'does not run',
  all: 'runs only the promises about two nodes (a node dies or reloads, Redis restarts)',
  library: 'runs only the promises that depend on the engine',
  host: "runs only the promises that depend on the server's output",
  heartbeats: 'receives no heartbeats, so an idle connection reconnects to prove that it is alive',
  refusals: 'does not see a refused connection, so it detects it by `connectTimeout`',
  closeCodes: 'receives close code 1006 instead of 1012, 1013 and 1014, without a reason',
  ownConnection: 'waits for a free connection if the page has six open streams to the host',
  readers: 'does not test the number of subscribers',
  loss: 'does not test a `gap` after a restart of Redis',
}
export type Need = keyof typeof NEEDS

/** One technique on one server in one engine. */
export interface Place {
  server: ServerKind
  engine: Engine
  technique: TechniqueName
}

/** A requirement that is not met, and why. Absent `servers`, `engines` or `techniques` mean all. */
interface Limit {
  need: Need
  servers?: readonly ServerKind[]
  engines?: readonly Engine[]
  techniques?: readonly TechniqueName[]
  why: string
}

const NCHAN: readonly ServerKind[] = ['nchan', 'nchan-redis']
const IN_NODE: readonly TechniqueName[] = ['polling', 'longPolling', 'sse', 'webSocket', 'fetchStream', 'fallback']

const LIMITS: readonly Limit[] = [
  {
    need: 'runs',
    engines: ['node'],
    techniques: ['xhrStream', 'iframeStream', 'eventSource', 'flashSocket', 'flashFallback'],
    why: 'Node has no XMLHttpRequest, no frames, no EventSource and no Ruffle',
  },
  { need: 'runs', servers: NCHAN, techniques: ['flashSocket', 'flashFallback'], why: 'Nchan serves no TCP' },
  {
    need: 'runs',
    engines: ['webkit'],
    techniques: ['flashSocket', 'flashFallback'],
    why: 'Ruffle does not start in a WebKitGTK without a language setting: "RangeError: invalid language tag"',
  },
  {
    need: 'runs',
    servers: ['nchan-redis'],
    engines: ['firefox', 'webkit'],
    why: 'to a page, two nodes with Redis look like one node without, so only one engine tests them',
  },
  {
    need: 'runs',
    servers: ['nchan-redis'],
    engines: ['chromium'],
    techniques: IN_NODE,
    why: 'to a page, two nodes with Redis look like one node without, so Node tests them',
  },
  {
    need: 'all',
    servers: ['nchan-redis'],
    engines: ['chromium'],
    why: 'pages test the others on a node without Redis',
  },
  {
    need: 'library',
    engines: ['firefox', 'webkit'],
    why: 'Node and Chromium test the library and the server',
  },
  {
    need: 'library',
    servers: ['nchan'],
    engines: ['chromium'],
    techniques: IN_NODE,
    why: 'Node tests the library and this server',
  },
  {
    need: 'host',
    servers: ['nchan'],
    engines: ['chromium', 'firefox', 'webkit'],
    why: 'pages test the engine on the hub',
  },
  {
    need: 'refusals',
    engines: ['webkit'],
    techniques: ['iframeStream'],
    why: 'WebKit fires no event for an iframe that cannot be loaded',
  },
  {
    need: 'closeCodes',
    engines: ['webkit'],
    techniques: ['webSocket'],
    why: 'WebKitGTK treats them as a protocol error',
  },
  {
    need: 'ownConnection',
    engines: ['webkit'],
    techniques: ['webSocket'],
    why: 'WebKitGTK counts WebSockets towards the limit',
  },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['longPolling'],
    why: 'Nchan responds to a waiting poll only when a message is published',
  },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['webSocket', 'fallback'],
    why: 'pages do not see WebSocket pings',
  },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['fetchStream', 'xhrStream'],
    why: 'multipart responses have none',
  },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['eventSource'],
    why: 'EventSource hides comments, so the first heartbeat arrives after one interval',
  },
  {
    need: 'readers',
    servers: ['nchan-redis'],
    why: 'a node that knows a channel counts as a subscriber',
  },
  {
    need: 'loss',
    servers: ['nchan-redis'],
    why: 'the nodes still have the messages that Redis lost; tests with two nodes cover lost messages',
  },
]

/** Returns the limits of the promises at a place, each need at most once. */
export const limitsAt = ({ server, engine, technique }: Place): readonly { need: Need; said: string }[] =>
  LIMITS.filter(
    ({ servers = [server], engines = [engine], techniques = [technique] }) =>
      servers.includes(server) && engines.includes(engine) && techniques.includes(technique),
  ).map(({ need, why }) => ({ need, said: `${NEEDS[need]}: ${why}` }))

/** Returns why a need is not met at a place, or undefined if it is met. */
export const limitAt = (place: Place, wanted: Need): string | undefined =>
  limitsAt(place).find(({ need }) => need === wanted)?.said

import type { ServerKind } from '../servers/control-client.ts'
import type { Engine } from './engines.ts'
import type { TechniqueName } from './rows.ts'

/** What promises need of a server, an engine and a technique together, and what becomes of them where it is not to be had. */
const NEEDS = {
  runs: 'does not run',
  all: 'is asked only what two nodes are for: that one may die or be reloaded, and Redis start anew',
  library: 'is asked only what an engine has a part in',
  host: 'is asked only what depends on what the server writes',
  heartbeats: 'sees no heartbeats, so what is idle is proved alive by making it anew',
  refusals: 'is not told that a connection was refused, so that is noticed as a hang is',
  closeCodes: 'is told 1006 for the close codes 1012, 1013 and 1014, without a reason',
  ownConnection: 'waits for a free connection where six streams of the page are open to its host',
  readers: 'the server does not count readers, so nobody asks how many there are',
  loss: 'is not asked to say gap when the server was started anew',
}
export type Need = keyof typeof NEEDS

/** One technique on one server in one engine. */
export interface Place {
  server: ServerKind
  engine: Engine
  technique: TechniqueName
}

/** Where a need is not met, and why; an entry that names no servers, engines or techniques is of all. */
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
    why: 'Ruffle does not start in a WebKitGTK that is driven without a language: "RangeError: invalid language tag"',
  },
  {
    need: 'runs',
    servers: ['nchan-redis'],
    engines: ['firefox', 'webkit'],
    why: 'to a page two nodes with one Redis look as one without does, so the pages of one engine ask them',
  },
  {
    need: 'runs',
    servers: ['nchan-redis'],
    engines: ['chromium'],
    techniques: IN_NODE,
    why: 'to a page two nodes with one Redis look as one without does, so Node asks them',
  },
  {
    need: 'all',
    servers: ['nchan-redis'],
    engines: ['chromium'],
    why: 'pages ask all else a node without Redis',
  },
  {
    need: 'library',
    engines: ['firefox', 'webkit'],
    why: 'what the library and the server decide by themselves is asked in Node and Chromium',
  },
  {
    need: 'library',
    servers: ['nchan'],
    engines: ['chromium'],
    techniques: IN_NODE,
    why: 'what the library and this server decide by themselves is asked in Node',
  },
  {
    need: 'host',
    servers: ['nchan'],
    engines: ['chromium', 'firefox', 'webkit'],
    why: 'what an engine decides by itself is asked in pages on the hub',
  },
  {
    need: 'refusals',
    engines: ['webkit'],
    techniques: ['iframeStream'],
    why: 'WebKit tells nothing of a frame that cannot be reached',
  },
  {
    need: 'closeCodes',
    engines: ['webkit'],
    techniques: ['webSocket'],
    why: 'WebKitGTK takes them for a broken protocol',
  },
  {
    need: 'ownConnection',
    engines: ['webkit'],
    techniques: ['webSocket'],
    why: 'WebKitGTK counts WebSockets among the six',
  },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['longPolling'],
    why: 'a poll that waits is answered when something comes, and not before',
  },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['webSocket', 'fallback'],
    why: 'pings of a WebSocket are hidden from a page',
  },
  { need: 'heartbeats', servers: NCHAN, techniques: ['fetchStream', 'xhrStream'], why: 'multipart has none' },
  {
    need: 'heartbeats',
    servers: NCHAN,
    techniques: ['eventSource'],
    why: 'EventSource hides comments, so the first heartbeat comes after its interval',
  },
  {
    need: 'readers',
    servers: ['nchan-redis'],
    why: 'a node that knows a channel counts as one of its subscribers',
  },
  {
    need: 'loss',
    servers: ['nchan-redis'],
    why: 'the nodes remember what a Redis that starts anew has lost, so nothing is; what is lost they are asked as two nodes',
  },
]

/** What limits the promises at a place, in words; each need at most once. */
export const limitsAt = ({ server, engine, technique }: Place): readonly { need: Need; said: string }[] =>
  LIMITS.filter(
    ({ servers = [server], engines = [engine], techniques = [technique] }) =>
      servers.includes(server) && engines.includes(engine) && techniques.includes(technique),
  ).map(({ need, why }) => ({ need, said: `${NEEDS[need]}: ${why}` }))

/** Why a need is not met at a place, in words; undefined: it is. */
export const limitAt = (place: Place, wanted: Need): string | undefined =>
  limitsAt(place).find(({ need }) => need === wanted)?.said

import type { ServerKind } from '../servers/control-client.ts'
import type { Engine } from './engines.ts'
import type { TechniqueName } from './rows.ts'

/** What promises need of a server, an engine and a technique together; who lacks one is excused by an entry of `LIMITS`. */
export type Need =
  /** That the technique runs there at all. Where not, none of its tests is made. */
  | 'runs'
  /** That a page sees heartbeats. Where not, liveness is told by rotating, and the promises are kept so. */
  | 'heartbeats'
  /** That a page is told when a connection was refused. Where not, it is noticed as a hang is. */
  | 'refusals'
  /** That the server counts who reads a channel. Where not, the tests do not ask. */
  | 'readers'
  /** That the server tells its readers when it lost what it kept. Where not, the promise is skipped, and said. */
  | 'loss'

/** Where something runs. */
export interface Place {
  server: ServerKind
  engine: Engine
  technique: TechniqueName
}

/** What is not to be had somewhere, and why; what names no server, engine or technique holds for all. */
interface Limit {
  need: Need
  servers?: readonly ServerKind[]
  engines?: readonly Engine[]
  techniques?: readonly TechniqueName[]
  why: string
}

const LIMITS: readonly Limit[] = [
  {
    need: 'runs',
    engines: ['node'],
    techniques: ['xhrStream', 'iframeStream', 'eventSource'],
    why: 'Node has no XMLHttpRequest, no frames and no EventSource',
  },
  {
    need: 'refusals',
    engines: ['webkit'],
    techniques: ['iframeStream'],
    why: 'WebKit tells nothing of a frame that cannot be reached',
  },
  {
    need: 'heartbeats',
    servers: ['nchan', 'nchan-redis'],
    techniques: ['longPolling'],
    why: 'a poll that waits is answered 408 when nothing came, and a browser may hide that',
  },
  {
    need: 'heartbeats',
    servers: ['nchan', 'nchan-redis'],
    techniques: ['webSocket', 'fallback'],
    why: 'pings of a WebSocket are hidden from a page',
  },
  {
    need: 'heartbeats',
    servers: ['nchan', 'nchan-redis'],
    techniques: ['fetchStream', 'xhrStream'],
    why: 'multipart has none',
  },
  {
    need: 'heartbeats',
    servers: ['nchan', 'nchan-redis'],
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
    why: 'when Redis starts anew, no gap was seen within 7 s, even by a new connection: NOT YET UNDERSTOOD',
  },
]

/** Why something that is needed is not to be had at a place; undefined: it is. */
export const limitOf = (wanted: Need, { server, engine, technique }: Place): string | undefined =>
  LIMITS.find(
    ({ need, servers = [server], engines = [engine], techniques = [technique] }) =>
      need === wanted && servers.includes(server) && engines.includes(engine) && techniques.includes(technique),
  )?.why

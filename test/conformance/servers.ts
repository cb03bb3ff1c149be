import { nchan, type Dialect } from 'pinia-push/observables'
import type { ServerKind } from '../servers/control-client.ts'

/** What a server cannot do, and why; each is printed by the run. */
interface Limits {
  /** Sends heartbeats that a page sees, by the name of the technique; those of the others are told by rotating. */
  heartbeats?: Readonly<Record<string, string>>
  /** Counts who reads a channel. */
  readers?: string
  /** Tells its readers when it lost what it kept. A limit here is a promise that is not kept: it is skipped, and said. */
  loss?: string
}

/** A kind of server, and how a client is set for it. */
export interface ServerRow {
  dialect: () => Dialect
  limits: Limits
}

const NCHAN: ServerRow = {
  dialect: () => nchan({ heartbeat: 1_000 }),
  limits: {
    heartbeats: {
      longPolling: 'a poll that waits is answered when something comes, and not before',
      webSocket: 'pings of a WebSocket are hidden from a page',
      fetchStream: 'multipart has none',
      xhrStream: 'multipart has none',
      'sse native': 'EventSource hides comments, so the first heartbeat comes after its interval',
      fallback: 'its first rung is a WebSocket',
    },
  },
}

export const SERVERS: Record<ServerKind, ServerRow> = {
  hub: { dialect: () => nchan(), limits: {} },
  nchan: NCHAN,
  'nchan-redis': {
    ...NCHAN,
    limits: {
      ...NCHAN.limits,
      readers: 'a node that knows a channel counts as one of its subscribers',
      loss: 'the nodes remember what a Redis that starts anew has lost, so nothing is (kill.ts has what is)',
    },
  },
}

export const SERVER_KINDS = Object.keys(SERVERS) as ServerKind[]

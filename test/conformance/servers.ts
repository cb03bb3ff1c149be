import { nchan, type Backend } from 'pinia-push/observables'
import type { ServerKind } from '../servers/control-client.ts'

/** The client's options for each kind of server. `limits.ts` has what a server cannot do. */
export const SERVERS: Record<ServerKind, { backend: () => Backend }> = {
  hub: { backend: () => nchan() },
  nchan: { backend: () => nchan({ heartbeat: 1_000 }) },
  'nchan-redis': { backend: () => nchan({ heartbeat: 1_000 }) },
}

export const SERVER_KINDS = Object.keys(SERVERS) as ServerKind[]

import { nchan, type Backend } from 'pinia-push/observables'
import type { ServerKind } from '../servers/control-client.ts'

/** How a client is set for each kind of server. What they cannot do is in `limits.ts`. */
export const SERVERS: Record<ServerKind, { backend: () => Backend }> = {
  hub: { backend: () => nchan() },
  nchan: { backend: () => nchan({ heartbeat: 1_000 }) },
  'nchan-redis': { backend: () => nchan({ heartbeat: 1_000 }) },
}

export const SERVER_KINDS = Object.keys(SERVERS) as ServerKind[]

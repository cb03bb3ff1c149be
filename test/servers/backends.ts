import type { Backend } from './backend.ts'
import type { ServerKind, ServerSettings } from './control-client.ts'
import { startHub } from './hub-server.ts'
import { startNchanRedis } from './nchan-redis-server.ts'
import { startNchan } from './nchan-server.ts'

/** Every kind of server: one that has none does not compile. */
export const BACKENDS = {
  hub: startHub,
  nchan: startNchan,
  'nchan-redis': startNchanRedis,
} satisfies Record<ServerKind, (settings: ServerSettings) => Promise<Backend>>

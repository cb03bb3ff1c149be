import { startAnyCable } from './anycable-server.ts'
import type { Backend } from './backend.ts'
import type { ServerKind, ServerSettings, TopicServerKind } from './control-client.ts'
import { startGraphql } from './graphql-server.ts'
import { startCentrifugo } from './centrifugo-server.ts'
import { startHub } from './hub-server.ts'
import { startNchanRedis } from './nchan-redis-server.ts'
import { startNchan } from './nchan-server.ts'
import { startPhoenix } from './phoenix-server.ts'
import { startPusher } from './pusher-server.ts'
import { startRails } from './rails-server.ts'
import { startSocketIo } from './socket-io-server.ts'

/** Every kind of server: one that has none does not compile. */
export const BACKENDS = {
  hub: startHub,
  nchan: startNchan,
  'nchan-redis': startNchanRedis,
  'socket.io': startSocketIo(false),
  'socket.io with recovery': startSocketIo(true),
  pusher: startPusher,
  phoenix: startPhoenix,
  graphql: startGraphql,
  rails: startRails,
  anycable: startAnyCable,
  centrifugo: startCentrifugo,
} satisfies Record<ServerKind | TopicServerKind, (settings: ServerSettings) => Promise<Backend>>

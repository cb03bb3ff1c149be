import { checkFunctions } from '../../internal/check-options.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend } from '../backend.ts'
import { STANDARD_CLOSES } from '../verdict.ts'
import { phoenixConversation } from './conversation.ts'
import type { PhoenixOptions } from './options.ts'

/**
 * Creates the backend for Phoenix channels (serializer version 2). All channels of a client share one WebSocket. A topic is
 * that of a Phoenix channel: `room:lobby`. The name of an event is the message's `event`.
 *
 * The protocol has no cursor, so each reconnect emits a `gap`, unless `cursor` and `params` give the application's own one
 * to the server. A topic whose process crashes at the server is joined again, with a `gap`; the others are not affected.
 *
 * A token in the URL is `auth: { token, queryParam: 'token' }`. For one in each join, use `params`.
 *
 * @throws PushError `invalid-option` if `params`, `cursor` or `resumed` is not a function.
 * @see https://hexdocs.pm/phoenix/writing_a_channels_client.html
 * @example
 * const push = createPush({ technique: webSocket(), baseUrl: 'wss://app.example.com', backend: phoenix() })
 * const room = defineChannel<Message>({ topic: (id: string) => `room:${id}` })
 */
export function phoenix(options: PhoenixOptions = {}): Backend {
  if (process.env.NODE_ENV !== 'production') checkFunctions('phoenix', options, ['params', 'cursor', 'resumed'])
  const { path = '/socket/websocket' } = options
  return conversationBackend({
    name: 'phoenix',
    path: `${path}?vsn=2.0.0`,
    heartbeat: undefined,
    subprotocols: [],
    closes: STANDARD_CLOSES,
    startSession: () => (port, credentials) => phoenixConversation(options, port, credentials),
  })
}

import { checkFunctions } from '../../internal/check-options.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend } from '../backend.ts'
import { STANDARD_CLOSES, type CloseTable } from '../verdict.ts'
import { graphqlWsConversation } from './conversation.ts'
import type { GraphqlWsOptions } from './options.ts'

/**
 * The close codes that the reference client does not retry either. It does not retry 1011 and 4500; servers close with them
 * when a database is not available.
 */
const CLOSES: CloseTable = {
  ...STANDARD_CLOSES,
  4004: 'final',
  4005: 'final',
  4400: 'final',
  4406: 'final',
  4409: 'final',
  4429: 'final',
}

/**
 * Creates the backend for GraphQL subscriptions over WebSocket (`graphql-transport-ws`), as the library `graphql-ws`, Yoga,
 * Apollo Server and others serve them. All channels of a client share one connection. A topic is a subscription: its query,
 * or the JSON of `{ query, variables }`. The data of a message is the `data` of a result. A result with `errors` is an
 * `invalid` message. `complete` ends the channel, and an `error` fails it.
 *
 * The protocol has no cursor, so each reconnect emits a `gap`, unless `operation` sends the application's own one. It does not
 * acknowledge a subscription either: a channel is open when the server has received its subscription. A resolver that then
 * subscribes asynchronously may miss messages until it has, so let it send the present value first, or use a cursor. A
 * channel only receives, so `send` rejects with `send-unsupported`.
 *
 * @throws PushError `invalid-option` if an option that is a function has another type.
 * @see https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
 * @example
 * const push = createPush({ technique: webSocket(), baseUrl: 'wss://api.example.com', backend: graphqlWs() })
 * const prices = defineChannel<{ price: number }>({
 *   topic: (symbol: string) =>
 *     JSON.stringify({ query: 'subscription ($symbol: String!) { price(symbol: $symbol) }', variables: { symbol } }),
 * })
 */
export function graphqlWs(options: GraphqlWsOptions = {}): Backend {
  if (process.env.NODE_ENV !== 'production')
    checkFunctions('graphqlWs', options, ['connectionParams', 'operation', 'cursor'])
  return conversationBackend({
    name: 'graphqlWs',
    path: options.path ?? '/graphql',
    heartbeat: undefined,
    tokenInHello: true,
    subprotocols: ['graphql-transport-ws'],
    closes: CLOSES,
    startSession: () => (port, credentials) => graphqlWsConversation(options, port, credentials),
  })
}

import { checkFunctions } from '../../internal/check-options.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend } from '../backend.ts'
import { STANDARD_CLOSES, type CloseTable } from '../verdict.ts'
import { centrifugoConversation } from './conversation.ts'
import type { CentrifugoOptions } from './options.ts'

/** Of the server's own close codes, the upper half of each range is final. */
const closes = (): CloseTable => ({
  ...STANDARD_CLOSES,
  ...Object.fromEntries(Array.from({ length: 500 }, (_, at) => [3_500 + at, 'final'] as const)),
  ...Object.fromEntries(Array.from({ length: 500 }, (_, at) => [4_500 + at, 'final'] as const)),
  // Centrifugo gives these a meaning of its own.
  3000: 'retry',
  3003: 'retry',
  4401: 'retry',
  4403: 'retry',
})

/**
 * Creates the backend for Centrifugo, and for servers with the Centrifuge library (client protocol 2, JSON). All channels of
 * a client share one WebSocket. A topic is the name of a channel: `news`.
 *
 * A channel with history and recovery resumes exactly: the server sends the missed publications, or a `gap` is emitted. In
 * other channels each reconnect emits a `gap`. `send` publishes, and resolves when the server has accepted the publication;
 * it rejects with `send-rejected` if the client may not publish.
 *
 * The token of `auth` is sent in the connect command. A new one is sent on the same connection before it expires.
 *
 * @throws PushError `invalid-option` if `data` or `subscriptionToken` is not a function.
 * @see https://centrifugal.dev/docs/transports/client_protocol
 * @example
 * const push = createPush({
 *   technique: webSocket(),
 *   baseUrl: 'wss://centrifugo.example.com',
 *   auth: { token: () => session.token() },
 *   backend: centrifugo(),
 * })
 * const news = defineChannel<Article>({ topic: () => 'news' })
 */
export function centrifugo(options: CentrifugoOptions = {}): Backend {
  if (process.env.NODE_ENV !== 'production') checkFunctions('centrifugo', options, ['data', 'subscriptionToken'])
  return conversationBackend({
    name: 'centrifugo',
    path: options.path ?? '/connection/websocket',
    heartbeat: undefined,
    tokenInHello: true,
    subprotocols: [],
    closes: closes(),
    startSession: () => (port, credentials) => centrifugoConversation(options, port, credentials),
  })
}

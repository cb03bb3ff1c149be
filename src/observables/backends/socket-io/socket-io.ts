import { checkFunctions, checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend } from '../backend.ts'
import { STANDARD_CLOSES } from '../verdict.ts'
import { socketIoSession } from './conversation.ts'
import type { SocketIoOptions } from './options.ts'

/**
 * Creates the backend for Socket.IO servers (version 3 and 4), over one WebSocket. A topic is the name of an event. Its
 * first argument is the message's data. Bytes stay bytes if they are the data, and become Base64 within an object.
 *
 * If the server has `connectionStateRecovery`, each topic resumes after a short disconnection. Otherwise, and after a longer
 * one, each topic emits a `gap`.
 *
 * @throws PushError `invalid-option` if `namespace` does not begin with `/`, or a function has another type.
 * @see https://socket.io/docs/v4/socket-io-protocol/
 * @example
 * const push = createPush({ technique: webSocket(), baseUrl: 'https://chat.example.com', backend: socketIo() })
 * const chat = defineChannel<ChatMessage>({ topic: 'chat message' })
 */
export function socketIo(options: SocketIoOptions = {}): Backend {
  const { namespace = '/', path = '/socket.io/' } = options
  checkOption(
    namespace.startsWith('/'),
    DEV && wrongOption('namespace', 'socketIo', namespace, 'It must begin with `/`, such as "/admin".'),
  )
  if (process.env.NODE_ENV !== 'production')
    checkFunctions('socketIo', options, ['auth', 'message', 'subscribe', 'unsubscribe', 'send', 'rejected'])
  return conversationBackend({
    name: 'socketIo',
    path: `${path.replace(/\/?$/, '/')}?EIO=4&transport=websocket`,
    heartbeat: undefined,
    tokenInHello: true,
    subprotocols: [],
    closes: STANDARD_CLOSES,
    startSession: () => socketIoSession(options),
  })
}

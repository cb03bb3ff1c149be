import { checkOption, wrongOption } from '../../internal/check-options.ts'
import { DEV } from '../../internal/dev.ts'
import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend } from '../backend.ts'
import { STANDARD_CLOSES } from '../verdict.ts'
import { actionCableConversation } from './conversation.ts'

export interface ActionCableOptions {
  /** The path at which Action Cable is mounted, relative to the client's `baseUrl`. @default '/cable' */
  path?: string
  /**
   * How often the server sends a ping, in ms. After twice that time without one, the connection is lost. @default 3000, as
   * Rails and AnyCable do
   */
  pingInterval?: number
}

/**
 * Creates the backend for Action Cable (Rails) and AnyCable. All channels of a client share one WebSocket. A topic is the
 * name of a channel class, or the JSON of its parameters: `{"channel":"RoomChannel","id":1}`.
 *
 * Action Cable has no cursor, so each reconnect emits a `gap`. AnyCable resumes each topic if it keeps a history of its
 * streams, and otherwise emits a `gap`. Messages are not acknowledged: `send` resolves when the message was written. It
 * performs an action of the channel, so a message is an object, and rejects with `invalid-message` otherwise.
 *
 * The server identifies the user by a cookie, or by a parameter of the URL: `auth: { token, queryParam: 'token' }`.
 *
 * @throws PushError `invalid-option` if `pingInterval` is not above 0.
 * @see https://docs.anycable.io/misc/action_cable_protocol
 * @example
 * const push = createPush({ technique: webSocket(), baseUrl: 'wss://app.example.com', backend: actionCable() })
 * const room = defineChannel<Message>({ topic: (id: number) => JSON.stringify({ channel: 'RoomChannel', id }) })
 * push.channel(room(7)).send({ action: 'speak', text: 'Hello' })
 */
export function actionCable({ path = '/cable', pingInterval = 3_000 }: ActionCableOptions = {}): Backend {
  checkOption(
    Number.isFinite(pingInterval) && pingInterval > 0,
    DEV && wrongOption('pingInterval', 'actionCable', pingInterval, 'Give a time in ms above 0, such as 3000.'),
  )
  return conversationBackend({
    name: 'actionCable',
    path,
    heartbeat: undefined,
    // The server selects the first that it knows. Only AnyCable knows the extended one.
    subprotocols: ['actioncable-v1-ext-json', 'actioncable-v1-json'],
    closes: STANDARD_CLOSES,
    startSession: () => (port) => actionCableConversation(pingInterval, port),
  })
}

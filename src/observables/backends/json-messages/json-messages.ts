import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend, Ping } from '../backend.ts'
import { STANDARD_CLOSES } from '../verdict.ts'
import { jsonConversation } from './conversation.ts'
import { checkDeclaration, type JsonMessagesOptions } from './declaration.ts'

/** How long a server may take to reply to a ping, in ms. */
const REPLY_WITHIN = 10_000

/**
 * Creates the backend for a server of your own that sends JSON frames of many topics over one WebSocket. All channels of a
 * client share one connection.
 *
 * A topic resumes if `subscribe` uses the cursor and `message` returns one. Otherwise each reconnect emits a `gap`. A frame
 * that cannot be parsed may be a message of any topic, so each topic gets it as `invalid`.
 *
 * @throws PushError `invalid-option` if a function is missing or has another type, or a number is out of its range.
 * @example
 * createPushClient({
 *   technique: webSocket(),
 *   baseUrl: 'wss://api.example.com/stream',
 *   backend: jsonMessages({
 *     subscribe: (topic, { cursor }) => ({ op: 'subscribe', topic, since: cursor }),
 *     subscribed: (frame) => frame.op === 'subscribed' && frame.topic,
 *     message: (frame) => frame.op === 'event' && { topic: frame.topic, data: frame.data, cursor: frame.seq },
 *   }),
 * })
 */
export function jsonMessages<M = ReturnType<typeof JSON.parse>>(options: JsonMessagesOptions<M>): Backend {
  const { ping, heartbeat, subprotocols = [], closes = {} } = options
  checkDeclaration(options)
  const heartbeats: Ping | undefined = ping && {
    send: () => JSON.stringify(ping.frame),
    every: ping.every,
    within: ping.within ?? (ping.reply && REPLY_WITHIN),
  }
  return conversationBackend({
    name: 'jsonMessages',
    heartbeat,
    tokenInHello: options.hello !== undefined,
    subprotocols,
    closes: { ...STANDARD_CLOSES, ...closes },
    startSession: () => (port, credentials) => jsonConversation(options, heartbeats, port, credentials),
  })
}

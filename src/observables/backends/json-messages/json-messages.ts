import { conversationBackend } from '../../session/conversation-backend.ts'
import type { Backend, Ping } from '../backend.ts'
import { STANDARD_CLOSES } from '../verdict.ts'
import { jsonConversation } from './conversation.ts'
import { checkDeclaration, type JsonMessagesOptions } from './declaration.ts'

/** How long a server may take to reply to a ping, in ms. */
const REPLY_WITHIN = 10_000

/**
 * Declares a home-made server that carries many topics on one WebSocket as JSON frames: how it greets, subscribes,
 * acknowledges, reports errors and pings. All channels of a client share one connection.
 *
 * A topic resumes where `subscribe` uses the cursor and `message` returns one; otherwise each reconnect is a `gap`. A
 * frame that cannot be read may have been any topic's message, so each topic gets it as `invalid`.
 *
 * @throws PushError `invalid-option` where a function is missing or is something else, or a number is out of its range.
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
    start: (port, credentials) => jsonConversation(options, heartbeats, port, credentials),
  })
}

import { PushError, asPushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { DEV } from '../../internal/dev.ts'
import { decodeUtf8 } from '../../parsers/utf8.ts'
import type { Ping } from '../backend.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import type { JsonError, JsonMessage, JsonMessagesOptions, JsonSubscribed } from './declaration.ts'

/** One subscription, as the server knows it. */
interface Subscribed {
  readonly topic: string
  readonly cursor: string | undefined
  /** Whether the frame that subscribed the topic had this subscription's cursor. */
  readonly resumes: boolean
  acknowledged: boolean
}

/** The conversation of a declared server, on one connection. */
export function jsonConversation<M>(
  {
    hello,
    ready,
    subscribe,
    subscribed,
    unsubscribe,
    message,
    error,
    ended,
    send,
    accepted,
    ping,
    pong,
  }: JsonMessagesOptions<M>,
  heartbeats: Ping | undefined,
  port: SessionPort,
  credentials: SessionCredentials,
): Conversation {
  const subscriptions = new Map<number, Subscribed>()
  let isReady = false

  const write = (frame: unknown, by: string) => {
    const json = JSON.stringify(frame) as string | undefined
    if (json === undefined || frame instanceof Promise)
      throw new PushError(
        'invalid-option',
        DEV &&
          `\`${by}\` of jsonMessages() returned ${frame instanceof Promise ? 'a promise' : String(frame)}. Return the frame to send.`,
      )
    port.write(json)
  }

  const idsOf = (topic: string) => [...subscriptions].filter(([, each]) => each.topic === topic)

  const begin = () => {
    isReady = true
    port.ready({ ping: heartbeats })
  }

  const acknowledge = ({ topic, resumed = true, cursor }: JsonSubscribed) => {
    for (const [id, subscription] of idsOf(topic)) {
      if (subscription.acknowledged) continue
      subscription.acknowledged = true
      port.subscribed(id, { resumed: subscription.resumes && resumed, cursor: place(cursor) })
    }
  }

  const reject = (topic: string, cause: PushError) => {
    for (const [id] of idsOf(topic)) {
      subscriptions.delete(id)
      port.rejected(id, cause)
    }
  }

  const fail = ({ topic, key, message: said = 'the server gave no reason', retry, unauthorized }: JsonError) => {
    if (key !== undefined && key !== null) {
      const rejected = DEV && `The server rejected the message: ${said}. Correct the message or the rights of the user.`
      return port.sendRejected(Number(key), new PushError('send-rejected', rejected))
    }
    const code = unauthorized ? 'unauthorized' : retry ? 'unavailable' : 'rejected'
    if (topic) return reject(topic, new PushError(code, DEV && `The server rejected topic "${topic}": ${said}.`))
    if (!isReady) return port.refused(new PushError(code, DEV && `The server rejected the connection: ${said}.`))
    const waiting = new Set([...subscriptions.values()].flatMap((each) => (each.acknowledged ? [] : [each.topic])))
    const [only] = waiting
    if (only !== undefined && waiting.size === 1)
      reject(only, new PushError(code, DEV && `The server rejected topic "${only}": ${said}.`))
  }

  const deliver = ({ topic, data, cursor, event = 'message' }: JsonMessage) => {
    const json = JSON.stringify(data) as string | undefined
    if (typeof topic !== 'string' || json === undefined)
      throw new PushError(
        'invalid-message',
        DEV &&
          `\`message\` of jsonMessages() returned ${typeof topic === 'string' ? 'no `data`' : 'no `topic`'}. Return { topic, data }, or false where the frame is not a message.`,
      )
    for (const [id, each] of subscriptions)
      if (each.topic === topic) port.message(id, { data: json, event, cursor: place(cursor) })
  }

  const read = (frame: M) => {
    if (ping?.reply?.(frame)) return
    const reply = pong?.(frame)
    if (reply) return write(reply, 'pong')
    if (!isReady && ready?.(frame)) begin()
    const failed = error?.(frame)
    if (failed) return fail(failed)
    const topic = subscribed?.(frame)
    if (topic) acknowledge(typeof topic === 'string' ? { topic } : topic)
    const messages = message(frame)
    if (messages) {
      if (Array.isArray(messages)) for (const each of messages) deliver(each)
      else deliver(messages as JsonMessage)
    }
    const key = accepted?.(frame)
    if (key !== undefined && key !== null && key !== false && key !== '') port.acknowledged(Number(key))
    const last = ended?.(frame)
    if (last) {
      for (const [id] of idsOf(last)) {
        subscriptions.delete(id)
        port.ended(id)
      }
    }
  }

  return {
    acknowledges: accepted !== undefined,
    open() {
      if (hello) write(hello(credentials), 'hello')
      if (!ready) begin()
    },
    receive(frame) {
      try {
        read(JSON.parse(typeof frame === 'string' ? frame : decodeUtf8(frame)) as M)
      } catch (cause) {
        // A frame that was to be written, and not the one that was read, is at fault.
        if (cause instanceof PushError && cause.code !== 'invalid-message') throw cause
        port.unreadable(frame, asPushError(cause, 'invalid-message', DEV && 'The frame cannot be read'))
      }
    },
    subscribe({ id, topic, cursor }) {
      const [first] = idsOf(topic)
      if (first) {
        const [, { cursor: sent, resumes, acknowledged }] = first
        subscriptions.set(id, {
          topic,
          cursor,
          resumes: resumes && !acknowledged && sent === cursor,
          acknowledged: false,
        })
        if (acknowledged) acknowledge({ topic })
        return
      }
      let used = false
      const frame = subscribe(topic, {
        get cursor() {
          used = true
          return cursor
        },
      })
      subscriptions.set(id, { topic, cursor, resumes: used && cursor !== undefined, acknowledged: false })
      write(frame, 'subscribe')
      if (!subscribed) acknowledge({ topic })
    },
    unsubscribe(id) {
      const gone = subscriptions.get(id)
      if (!subscriptions.delete(id) || !gone || !unsubscribe || idsOf(gone.topic).length > 0) return
      write(unsubscribe(gone.topic), 'unsubscribe')
    },
    send(id, data, key) {
      const topic = subscriptions.get(id)?.topic
      if (topic === undefined) throw new PushError('not-connected', DEV && 'The topic is not subscribed.')
      if (!send)
        throw new PushError(
          'send-unsupported',
          DEV && 'jsonMessages() has no `send`. Give it one: send: (topic, data) => ({ op: "publish", topic, data }).',
        )
      write(send(topic, value(data), { key }), 'send')
    },
  }
}

const place = (cursor: string | number | null | undefined): string | undefined =>
  cursor === undefined || cursor === null ? undefined : String(cursor)

/** What a channel encoded, as a value of the frame. */
function value(data: Payload): unknown {
  if (typeof data !== 'string')
    throw new PushError('invalid-message', DEV && 'JSON frames cannot carry bytes. Send data, or text in Base64.')
  try {
    return JSON.parse(data)
  } catch {
    // A channel with an encoder of its own sends text.
    return data
  }
}

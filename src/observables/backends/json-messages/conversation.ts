import { PushError } from '../../errors.ts'
import { DEV } from '../../internal/dev.ts'
import type { Ping } from '../backend.ts'
import { cursorOf, jsonValue, readJson } from '../json-frame.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import type { JsonError, JsonMessage, JsonMessagesOptions, JsonSubscribed } from './declaration.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable, type TopicTable } from '../../session/topic-table.ts'

/** The conversation of a declared server, on one connection. */
export function jsonConversation<M>(
  {
    hello,
    ready,
    subscribe,
    subscribed,
    unsubscribe,
    refresh,
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
  let isReady = false

  const write = frameWriter(port)
  const topics = topicTable(
    {
      acknowledges: subscribed !== undefined,
      unsubscribe: unsubscribe && ((topic) => write(unsubscribe(topic), 'unsubscribe')),
      subscribe(topic, cursor) {
        let used = false
        const frame = subscribe(topic, {
          get cursor() {
            used = true
            return cursor
          },
        })
        write(frame, 'subscribe')
        return used
      },
    },
    port,
  )

  const begin = () => {
    isReady = true
    port.ready({ ping: heartbeats })
  }

  const acknowledge = ({ topic, resumed = true, cursor }: JsonSubscribed) =>
    topics.acknowledge(topic, resumed, cursorOf(cursor))

  const deliver = (given: JsonMessage) => topics.deliver(given.topic, messageOf(given))

  const read = (frame: M) => {
    if (ping?.reply?.(frame)) return
    const reply = pong?.(frame)
    if (reply) return write(reply, 'pong')
    if (!isReady && ready?.(frame)) begin()
    const failed = error?.(frame)
    if (failed) return reportError(failed, topics, port, isReady)
    const state = subscribed?.(frame)
    if (state) acknowledge(typeof state === 'string' ? { topic: state } : state)
    const messages = message(frame)
    if (messages) {
      if (Array.isArray(messages)) for (const each of messages) deliver(each)
      else deliver(messages as JsonMessage)
    }
    const key = accepted?.(frame)
    if (isKey(key)) port.acknowledged(Number(key))
    const last = ended?.(frame)
    if (last) for (const id of topics.drop(last)) port.ended(id)
  }

  return {
    acknowledges: accepted !== undefined,
    open() {
      if (hello) write(hello(credentials), 'hello')
      if (!ready) begin()
    },
    receive: (frame) => readJson(frame, port, (value) => read(value as M)),
    subscribe: topics.add,
    unsubscribe: topics.remove,
    refresh: refresh && ((token) => write(refresh(token), 'refresh')),
    send(id, data, { key }) {
      const topic = nameOfTopic(topics, id)
      if (!send)
        throw new PushError(
          'send-unsupported',
          DEV && 'jsonMessages() has no `send`. Give it one: send: (topic, data) => ({ op: "publish", topic, data }).',
        )
      write(send(topic, jsonValue(data), { key }), 'send')
    },
  }
}

/** Reports an error of the server: of a message, of a topic, or of the connection before it is ready. */
function reportError(
  { topic, key, message: said = DEV ? 'the server gave no reason' : '', retry, unauthorized }: JsonError,
  topics: TopicTable,
  port: SessionPort,
  isReady: boolean,
): void {
  if (isKey(key)) {
    const rejected = DEV && `The server rejected the message: ${said}. Correct the message or the rights of the user.`
    return port.sendRejected(Number(key), new PushError('send-rejected', rejected))
  }
  const code = unauthorized ? 'unauthorized' : retry ? 'unavailable' : 'rejected'
  const name = topic || (isReady ? topics.onlyWaiting : undefined)
  if (name) {
    const error = new PushError(code, DEV && `The server rejected topic "${name}": ${said}.`)
    for (const id of topics.drop(name)) port.rejected(id, error)
  } else if (!isReady) port.refused(new PushError(code, DEV && `The server rejected the connection: ${said}.`))
}

/** Writes what a function of the declaration returned as a frame. */
const frameWriter = (port: SessionPort) => (frame: unknown, by: string) => {
  const json = JSON.stringify(frame) as string | undefined
  if (json === undefined || frame instanceof Promise)
    throw new PushError(
      'invalid-option',
      DEV &&
        `\`${by}\` of jsonMessages() returned ${frame instanceof Promise ? 'a promise' : String(frame)}. Return the frame to send.`,
    )
  port.write(json)
}

/** Returns a message of a frame as the session delivers it. */
function messageOf({ topic, data, cursor, event = 'message' }: JsonMessage): Parameters<SessionPort['message']>[1] {
  const json = JSON.stringify(data) as string | undefined
  if (typeof topic !== 'string' || json === undefined)
    throw new PushError(
      'invalid-message',
      DEV &&
        `\`message\` of jsonMessages() returned ${typeof topic === 'string' ? 'no `data`' : 'no `topic`'}. Return { topic, data }, or false where the frame is not a message.`,
    )
  return { data: json, event, cursor: cursorOf(cursor) }
}

/** Whether the server named a message by its key. */
const isKey = (key: string | number | false | null | undefined): key is string | number =>
  key !== undefined && key !== null && key !== false && key !== ''

import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Conversation, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { contentBy, fieldsOf, jsonOf, jsonValue, readJson, textOf, type Fields } from '../json-frame.ts'
import { streamHistory, type StreamHistory } from './stream-history.ts'

/** The longest silence, in ms. The server sends a ping every 3 s, and the client of Rails waits for two. */
const HEARTBEAT = 6_000

/** The reasons of a disconnection that another token may resolve. */
const UNAUTHORIZED: ReadonlySet<unknown> = new Set(['unauthorized', 'token_expired'])

/** Version 1 of the Action Cable protocol, and the extended one of AnyCable, on one connection. */
export function actionCableConversation(port: SessionPort): Conversation {
  /** Whether the server keeps a history. */
  let isExtended = false
  /** The server compares identifiers byte for byte, so the topic of each is kept. */
  const topicOf = new Map<string, string>()
  const histories = new Map<string, StreamHistory>()

  const command = (name: string, topic: string, more: Fields = {}) =>
    port.write(JSON.stringify({ command: name, identifier: identifierOf(topic), ...more }))

  const topics = topicTable(
    {
      acknowledges: true,
      subscribe(topic, cursor) {
        const history = streamHistory(isExtended ? cursor : undefined)
        topicOf.set(identifierOf(topic), topic)
        histories.set(topic, history)
        command('subscribe', topic, history.requested && { history: { streams: history.requested } })
        return history.requested !== undefined
      },
      unsubscribe(topic) {
        forget(topic)
        command('unsubscribe', topic)
      },
    },
    port,
  )
  const forget = (topic: string) => {
    topicOf.delete(identifierOf(topic))
    histories.delete(topic)
  }

  const deliver = (topic: string, frames: readonly Fields[]) => {
    for (const frame of frames) {
      const state = histories.get(topic)?.move(frame)
      if (state !== 'repeated')
        topics.deliver(topic, {
          event: 'message',
          ...contentBy(() => jsonOf(frame['message'])),
          cursor: state?.cursor,
        })
    }
  }

  /** The server sent the history of a topic, or has none. Messages that were published meanwhile follow it. */
  const replayed = (topic: string, resumed: boolean) => {
    const held = histories.get(topic)?.end(resumed) ?? []
    topics.acknowledge(topic, resumed, undefined)
    deliver(topic, held)
  }

  const readOf = (topic: string, frame: Fields) => {
    const { type } = frame
    const history = histories.get(topic)
    if (type === 'confirm_subscription') {
      if (!history?.isPending) topics.acknowledge(topic, false, undefined)
    } else if (type === 'confirm_history' || type === 'reject_history') {
      if (history?.isPending) replayed(topic, type === 'confirm_history')
    } else if (type === 'reject_subscription') {
      forget(topic)
      for (const id of topics.drop(topic)) port.rejected(id, rejected(topic))
    } else if (type === undefined && !history?.hold(frame)) deliver(topic, [frame])
  }

  const read = (frame: Fields) => {
    const { type } = frame
    if (type === 'welcome') {
      isExtended = textOf(frame['sid']) !== undefined
      port.ready({ heartbeat: HEARTBEAT })
    } else if (type === 'ping') {
      if (isExtended) port.write('{"command":"pong"}')
    } else if (type === 'disconnect') port.refused(disconnected(frame))
    else {
      const topic = topicOf.get(textOf(frame['identifier']) ?? '')
      if (topic !== undefined) readOf(topic, frame)
    }
  }

  return {
    // The server sends first.
    open() {},
    receive: (frame) => readJson(frame, port, (value) => read(fieldsOf(value))),
    subscribe: topics.add,
    unsubscribe: topics.remove,
    send(id, data) {
      const value = jsonValue(data)
      if (fieldsOf(value) !== value)
        throw new PushError(
          'invalid-message',
          DEV && "Message not sent: Action Cable performs an action. Send an object, such as { action: 'speak' }.",
        )
      command('message', nameOfTopic(topics, id), { data })
    },
  }
}

/** Returns the identifier of a topic: its JSON, or that of the channel that it names. */
const identifierOf = (topic: string): string => (topic.startsWith('{') ? topic : JSON.stringify({ channel: topic }))

function disconnected({ reason, reconnect }: Fields): PushError {
  const final = UNAUTHORIZED.has(reason) ? 'unauthorized' : 'rejected'
  return new PushError(
    reconnect === false ? final : 'unavailable',
    DEV && `The server closed the connection: ${textOf(reason) ?? 'without a reason'}.`,
  )
}

const rejected = (topic: string): PushError =>
  new PushError(
    'rejected',
    DEV && `The server rejected topic "${topic}": its channel called \`reject\`. Check the rights of the user.`,
  )

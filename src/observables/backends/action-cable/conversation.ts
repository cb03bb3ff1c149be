import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Conversation, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { fieldsOf, jsonValue, readJson, textOf, type Fields } from '../json-frame.ts'
import { streamHistory, type StreamHistory } from './stream-history.ts'
import { topicReader } from './topic-reader.ts'

/** The times of the server that a ping may have: seconds since 1970, and not the smaller units of AnyCable's option. */
const SECONDS = { min: 1e9, max: 1e11 }

/** The reasons of a disconnection that another token may resolve. */
const UNAUTHORIZED: ReadonlySet<unknown> = new Set(['unauthorized', 'token_expired'])

/** Version 1 of the Action Cable protocol, and the extended one of AnyCable, on one connection. */
export function actionCableConversation(pingInterval: number, port: SessionPort): Conversation {
  /** Whether the server keeps a history. */
  let isExtended = false
  const histories = new Map<string, StreamHistory>()

  const command = (name: string, identifier: string, more: Fields = {}) =>
    port.write(JSON.stringify({ command: name, identifier, ...more }))

  // Two topics of one identifier are one subscription, so the table has the identifiers.
  const topics = topicTable(
    {
      acknowledges: true,
      subscribe(identifier, cursor) {
        const last = histories.get(identifier)
        // A server that is slow ignores the repeated command, and goes on with the history.
        const history = last?.isPending ? last : streamHistory(isExtended ? cursor : undefined)
        histories.set(identifier, history)
        command('subscribe', identifier, { history: history.requested })
        return history.requested !== undefined
      },
      unsubscribe(identifier) {
        histories.delete(identifier)
        command('unsubscribe', identifier)
      },
    },
    port,
  )

  const readOf = topicReader(topics, histories, port)
  const pinged = (time: unknown) => {
    if (!isExtended) return
    port.write('{"command":"pong"}')
    if (typeof time !== 'number' || time < SECONDS.min || time > SECONDS.max) return
    for (const [topic, history] of histories) {
      const ids = topics.of(topic)
      const cursor = ids.length > 0 && history.at(Math.floor(time))
      if (cursor) for (const id of ids) port.moved(id, cursor)
    }
  }

  const read = (frame: Fields) => {
    const { type } = frame
    if (type === 'welcome') {
      isExtended = textOf(frame['sid']) !== undefined
      // The client of Rails waits for two pings, too.
      port.ready({ heartbeat: 2 * pingInterval })
    } else if (type === 'ping') pinged(frame['message'])
    else if (type === 'disconnect') port.refused(disconnected(frame))
    else {
      const topic = textOf(frame['identifier']) ?? ''
      const history = histories.get(topic)
      if (history) readOf(topic, history, frame)
    }
  }

  return {
    // The server sends first.
    open() {},
    receive: (frame) => readJson(frame, port, (value) => read(fieldsOf(value))),
    subscribe: (subscription) => topics.add({ ...subscription, topic: identifierOf(subscription.topic) }),
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

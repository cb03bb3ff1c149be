import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable, type TopicTable } from '../../session/topic-table.ts'
import { fieldsOf, frameText, jsonValue, readJson, readSafely, textOf, timeOf, type Fields } from '../json-frame.ts'
import { commandTable } from './commands.ts'
import type { CentrifugoOptions } from './options.ts'
import { subscriptionTokens } from './subscription-tokens.ts'
import { channelPosition, type ChannelPosition } from './position.ts'
import { connectionRejected, isSubscribed, topicRejected, unsubscribed } from './rejections.ts'

/** How much later than announced a ping may arrive, in ms, as in the official client. */
const PING_DELAY = 10_000

/** Version 2 of the client protocol of Centrifugo, as JSON, on one connection. */
export function centrifugoConversation(
  { data, subscriptionToken }: CentrifugoOptions,
  port: SessionPort,
  credentials: SessionCredentials,
): Conversation {
  let { token } = credentials
  let answersPings = false
  let takesTokens = false
  /** The subscription token of the topic that is being subscribed. */
  let authorization: unknown
  const commands = commandTable(port)
  const positions = new Map<string, ChannelPosition>()

  const topics = topicTable(
    {
      acknowledges: 'first',
      subscribe(channel, cursor) {
        if (channel === '') throw unnamed()
        // A command without a reply is repeated.
        const position = positions.get(channel) ?? channelPosition(cursor)
        positions.set(channel, position)
        position.unanswered += 1
        const params = { channel, token: authorization, ...position.recover }
        commands.write('subscribe', params, (error, result) => {
          position.unanswered -= 1
          // The topic may have been left since.
          if (positions.get(channel) === position) subscribed(channel, position, error, result)
        })
        return position.recover !== undefined
      },
      unsubscribe(channel) {
        positions.delete(channel)
        commands.write('unsubscribe', { channel })
      },
    },
    port,
  )
  const reject = (topic: string, error: Parameters<SessionPort['rejected']>[1]) => {
    positions.delete(topic)
    for (const id of topics.drop(topic)) port.rejected(id, error)
  }

  const connected = ({ ping, pong, expires }: Fields) => {
    answersPings = pong === true
    takesTokens = expires === true
    const seconds = timeOf(ping)
    port.ready({
      heartbeat: seconds === undefined ? undefined : seconds * 1_000 + PING_DELAY,
      authorizeTopic: subscriptionToken && ((topic) => subscriptionTokens(subscriptionToken, { topic, token })),
    })
  }

  const subscribed = (topic: string, position: ChannelPosition, error: Fields | undefined, result: Fields) => {
    if (error && !isSubscribed(error)) return reject(topic, topicRejected(topic, error))
    // The server reserves the channel for the first command, and replies to it when it is subscribed.
    if (error && position.unanswered > 0) return
    const state = position.begin(result)
    if (!state) return
    topics.acknowledge(topic, state.resumed, state.cursor)
    // A handler may leave the topic, and read it again.
    deliverRecovered(topic, listOf(result['publications']), position, {
      isCurrent: () => positions.get(topic) === position,
      topics,
      port,
    })
  }

  const pushed = ({ channel, pub, unsubscribe }: Fields) => {
    const topic = textOf(channel)
    // Until the reply, it concerns an earlier subscription.
    if (topic === undefined || topics.of(topic).length === 0) return
    if (unsubscribe !== undefined) return reject(topic, unsubscribed(topic, fieldsOf(unsubscribe)))
    const message = pub === undefined ? undefined : positions.get(topic)?.read(fieldsOf(pub))
    if (message) topics.deliver(topic, message)
  }

  const refresh = (next: string) => {
    token = next
    commands.write('refresh', { token }, (error) => {
      if (error) port.refreshRejected()
    })
  }

  const read = (frame: Fields) => {
    if (frame['push'] !== undefined) pushed(fieldsOf(frame['push']))
    else if (frame['id'] !== undefined) commands.read(frame)
    else if (answersPings) port.write('{}')
  }

  return {
    acknowledges: true,
    open() {
      commands.write('connect', connectOf(data, { ...credentials, token }), (error, result) =>
        error ? port.refused(connectionRejected(error)) : connected(result),
      )
    },
    receive(frame) {
      readSafely(frame, port, () => {
        // A frame has several replies, one in each line.
        for (const line of frameText(frame).split('\n'))
          if (line !== '') readJson(line, port, (value) => read(fieldsOf(value)))
      })
    },
    subscribe(subscription) {
      authorization = subscription.authorization
      topics.add(subscription)
    },
    unsubscribe: topics.remove,
    // A server that renews the token by itself closes the connection of a client that sends one.
    get refresh() {
      return takesTokens ? refresh : undefined
    },
    send(id, message, { key }) {
      commands.publish({ channel: nameOfTopic(topics, id), data: jsonValue(message) }, key)
    },
  }
}

/** Returns the connect command. */
function connectOf(data: CentrifugoOptions['data'], credentials: SessionCredentials): Fields {
  const params = { token: credentials.token, data: data?.(credentials), name: 'pinia-push' }
  if (params.data instanceof Promise)
    throw new PushError('invalid-option', DEV && '`data` of centrifugo() is async. Return the data itself.')
  return params
}

/** Delivers the publications of the reply to a subscribe command, as long as the topic has that position. */
function deliverRecovered(
  topic: string,
  publications: readonly Fields[],
  position: ChannelPosition,
  { isCurrent, topics, port }: { isCurrent: () => boolean; topics: TopicTable; port: SessionPort },
): void {
  for (const each of publications) {
    if (!isCurrent()) return
    const isAfterLoss = position.isAfterLoss(each)
    const message = position.read(each)
    if (!message) continue
    if (isAfterLoss) for (const id of topics.of(topic)) port.gap(id, 'sequence')
    topics.deliver(topic, message)
  }
}

const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : [])

const unnamed = (): PushError =>
  new PushError('invalid-option', DEV && 'The topic is empty. Give the name of a channel.')

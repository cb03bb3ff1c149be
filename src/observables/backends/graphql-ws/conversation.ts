import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { topicTable } from '../../session/topic-table.ts'
import { fieldsOf, readJson, textOf, type Fields } from '../json-frame.ts'
import type { GraphqlOperation, GraphqlWsOptions } from './options.ts'
import { isCursorGone, messageOf, rejected } from './results.ts'

/** The times of the client's heartbeat, in ms. A page does not see the pings that a server sends as WebSocket frames. */
const HEARTBEAT = { every: 20_000, within: 10_000 }

/** One subscription of a topic at the server. */
interface Operation {
  readonly id: string
  readonly topic: string
  /** Whether the server was sent the cursor. */
  readonly resumes: boolean
  isOpen: boolean
}

/** The protocol `graphql-transport-ws`, on one connection. */
export function graphqlWsConversation(
  { connectionParams = bearer, operation = ownOperation, cursor: positionOf = () => undefined }: GraphqlWsOptions,
  port: SessionPort,
  credentials: SessionCredentials,
): Conversation {
  let lastId = 0
  const byId = new Map<string, Operation>()
  const byTopic = new Map<string, Operation>()
  /** The pings that wait for their pong, in order: those that follow a subscription, with it. */
  const pings: (Operation | undefined)[] = []

  const write = (type: string, more: Fields = {}) => port.write(JSON.stringify({ type, ...more }))
  const pingAfter = (subscribed?: Operation) => {
    pings.push(subscribed)
    return '{"type":"ping"}'
  }

  const forget = ({ id, topic }: Operation) => {
    byId.delete(id)
    byTopic.delete(topic)
  }
  const complete = (topic: string) => {
    const running = byTopic.get(topic)
    if (!running) return
    forget(running)
    write('complete', { id: running.id })
  }

  const subscribe = (topic: string, cursor: string | undefined) => {
    complete(topic)
    let used = false
    const payload = operation(topic, {
      get cursor() {
        used = true
        return cursor
      },
    })
    const subscribed = {
      id: String((lastId += 1)),
      topic,
      resumes: used && cursor !== undefined,
      isOpen: false,
    }
    byId.set(subscribed.id, subscribed)
    byTopic.set(topic, subscribed)
    write('subscribe', { id: subscribed.id, payload })
    port.write(pingAfter(subscribed))
    return used
  }
  const topics = topicTable({ acknowledges: true, subscribe, unsubscribe: complete }, port)

  /** The protocol has no acknowledgement. The server has received a subscription when it replies to the ping after it. */
  const opened = (subscribed: Operation | undefined) => {
    if (!subscribed || subscribed.isOpen || byId.get(subscribed.id) !== subscribed) return
    subscribed.isOpen = true
    topics.acknowledge(subscribed.topic, subscribed.resumes, undefined)
  }

  const reject = (subscribed: Operation, errors: unknown) => {
    const { topic, resumes, isOpen } = subscribed
    forget(subscribed)
    if (resumes && isCursorGone(errors)) {
      if (isOpen) for (const id of topics.of(topic)) port.gap(id, 'not-resumed')
      subscribe(topic, undefined)
    } else for (const id of topics.drop(topic)) port.rejected(id, rejected(topic, errors))
  }

  const read = ({ type, id, payload }: Fields) => {
    if (type === 'connection_ack') return port.ready({ ping: { send: () => pingAfter(), ...HEARTBEAT } })
    if (type === 'ping') return write('pong', payload === undefined ? {} : { payload })
    if (type === 'pong') return opened(pings.shift())
    const subscribed = byId.get(textOf(id) ?? '')
    if (!subscribed) return
    const { topic } = subscribed
    if (type === 'error') return reject(subscribed, payload)
    if (type === 'complete') {
      forget(subscribed)
      for (const each of topics.drop(topic)) port.ended(each)
    }
    if (type !== 'next') return
    const result = fieldsOf(payload)
    // A request error has no `data` (GraphQL specification, section 7.1.2).
    if (!('data' in result)) return reject(subscribed, result['errors'])
    opened(subscribed)
    topics.deliver(topic, messageOf(result, positionOf))
  }

  return {
    open() {
      const payload = connectionParams(credentials)
      write('connection_init', payload && { payload })
    },
    receive: (frame) => readJson(frame, port, (value) => read(fieldsOf(value))),
    subscribe: topics.add,
    unsubscribe: topics.remove,
    send() {
      throw new PushError(
        'send-unsupported',
        DEV && 'Message not sent: a GraphQL subscription only receives. Send a mutation by HTTP.',
      )
    },
  }
}

const bearer: NonNullable<GraphqlWsOptions['connectionParams']> = ({ token }) =>
  token === undefined ? undefined : { Authorization: `Bearer ${token}` }

/** The topic is the operation itself. */
const ownOperation = (topic: string): GraphqlOperation =>
  /^\s*\{\s*"/.test(topic) ? (JSON.parse(topic) as GraphqlOperation) : { query: topic }

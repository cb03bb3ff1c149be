import { DEV } from '../../internal/dev.ts'
import { PushError, fault } from '../../errors.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { topicTable } from '../../session/topic-table.ts'
import { fieldsOf, readJson, type Fields } from '../json-frame.ts'
import { operationTable, type Operation } from './operation-table.ts'
import { queryOf } from './operations.ts'
import type { GraphqlWsOptions } from './options.ts'
import { isCursorGone, messageOf, rejected } from './results.ts'

/** The times of the client's heartbeat, in ms. A page does not see the pings that a server sends as WebSocket frames. */
const HEARTBEAT = { every: 20_000, within: 10_000 }

/** The protocol `graphql-transport-ws`, on one connection. */
export function graphqlWsConversation(
  { connectionParams = bearer, operation = queryOf, cursor: positionOf = () => undefined }: GraphqlWsOptions,
  port: SessionPort,
  credentials: SessionCredentials,
): Conversation {
  const operations = operationTable(operation, port)
  const topics = topicTable({ acknowledges: true, subscribe: operations.begin, unsubscribe: operations.complete }, port)
  const write = (type: string, more: Fields = {}) => port.write(JSON.stringify({ type, ...more }))

  /** The protocol has no acknowledgement. The server has received a subscription when it replies to the ping after it. */
  const opened = (subscribed: Operation | undefined) => {
    if (!subscribed || subscribed.isOpen) return
    subscribed.isOpen = true
    const { topic, resumes, isAfterLoss } = subscribed
    if (isAfterLoss) for (const id of topics.of(topic)) port.gap(id, 'not-resumed')
    topics.acknowledge(topic, resumes, undefined)
  }

  const reject = (subscribed: Operation, error: PushError) => {
    const { topic } = subscribed
    operations.forget(subscribed)
    for (const id of topics.drop(topic)) port.rejected(id, error)
  }

  /** The server no longer has the cursor of a topic. */
  const beginWithoutCursor = (lost: Operation) => {
    const { topic, isOpen } = lost
    operations.forget(lost)
    if (isOpen) for (const id of topics.of(topic)) port.moved(id, '')
    try {
      operations.begin(topic, undefined, isOpen)
    } catch (cause) {
      reject(lost, fault(cause, 'prepare-failed', DEV && '`operation` of graphqlWs() failed. Correct it.'))
    }
  }

  const failed = (subscribed: Operation, errors: unknown) => {
    if (subscribed.resumes && isCursorGone(errors)) beginWithoutCursor(subscribed)
    else reject(subscribed, rejected(subscribed.topic, errors))
  }

  const read = ({ type, id, payload }: Fields) => {
    if (type === 'connection_ack') return port.ready({ ping: { send: operations.heartbeat, ...HEARTBEAT } })
    if (type === 'ping') return write('pong', payload === undefined ? {} : { payload })
    if (type === 'pong') return opened(operations.before(payload))
    const subscribed = operations.get(id)
    if (!subscribed) return
    const { topic } = subscribed
    if (type === 'error') failed(subscribed, payload)
    else if (type === 'complete') {
      operations.forget(subscribed)
      for (const each of topics.drop(topic)) port.ended(each)
    } else if (type === 'next') {
      const result = fieldsOf(payload)
      // A request error has no `data` (GraphQL specification, section 7.1.2).
      if ('errors' in result && !('data' in result)) {
        write('complete', { id: subscribed.id })
        return failed(subscribed, result['errors'])
      }
      opened(subscribed)
      topics.deliver(topic, messageOf(result, positionOf))
    }
  }

  return {
    open() {
      const payload = initOf(connectionParams, credentials)
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

/** Returns the payload of `connection_init`. */
function initOf(
  connectionParams: NonNullable<GraphqlWsOptions['connectionParams']>,
  credentials: SessionCredentials,
): Fields | undefined {
  const payload: unknown = connectionParams(credentials)
  if (payload === undefined) return undefined
  if (fieldsOf(payload) === payload && !(payload instanceof Promise)) return payload as Fields
  throw new PushError(
    'invalid-option',
    DEV &&
      '`connectionParams` of graphqlWs() must return an object. If it is async, use `auth.token` for what must be awaited.',
  )
}

import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { fieldsOf, jsonOf, jsonValue, readJson, textOf } from '../json-frame.ts'
import { frameOf, readBytes, writeFrame, type PhoenixFrame } from './frames.ts'
import type { PhoenixOptions } from './options.ts'

/** The times of the client's heartbeat, in ms. The server closes a connection that is silent for 60 s. */
const HEARTBEAT = { every: 30_000, within: 10_000 }

/** Version 2 of the protocol of Phoenix channels, on one connection. */
export function phoenixConversation(
  {
    params = () => ({}),
    cursor: cursorOf = () => undefined,
    resumed = () => true,
    event: sentEvent = 'message',
    acknowledges = false,
  }: PhoenixOptions,
  port: SessionPort,
  { token }: SessionCredentials,
): Conversation {
  let lastRef = 0
  /** The reference of the last join of each topic. Frames of an earlier join are late. */
  const joins = new Map<string, string>()
  /** The keys of messages that wait for their reply, by reference. */
  const sent = new Map<string, number>()

  const nextRef = () => String((lastRef += 1))
  const push = (topic: string, event: string, payload: unknown) => {
    const ref = nextRef()
    if (event === 'phx_join') joins.set(topic, ref)
    port.write(writeFrame(joins.get(topic) ?? null, ref, topic, event, payload))
    return ref
  }

  const topics = topicTable(
    {
      acknowledges: true,
      subscribe(topic, cursor) {
        let used = false
        const payload = params(topic, {
          token,
          get cursor() {
            used = true
            return cursor
          },
        })
        push(topic, 'phx_join', payload)
        return used
      },
      unsubscribe: (topic) => void push(topic, 'phx_leave', {}),
    },
    port,
  )
  const reject = (topic: string, error: PushError) => {
    for (const id of topics.drop(topic)) port.rejected(id, error)
  }

  /** The reply to a join, a message or a heartbeat. */
  const replied = ({ ref = '', topic, payload }: PhoenixFrame) => {
    const { status, response } = fieldsOf(payload)
    const key = sent.get(ref)
    sent.delete(ref)
    if (ref === joins.get(topic)) {
      if (status === 'ok') topics.acknowledge(topic, resumed(response), undefined)
      else reject(topic, joinRejected(topic, response))
    } else if (key === undefined) return
    else if (status === 'ok') port.acknowledged(key, response)
    else port.sendRejected(key, messageRejected(response))
  }

  const read = (frame: PhoenixFrame | undefined) => {
    if (!frame) return
    const { join, topic, event, payload } = frame
    if (event === 'phx_reply') return replied(frame)
    // A broadcast has no reference of a join.
    if (join !== undefined && join !== joins.get(topic)) return
    if (event === 'phx_close') for (const id of topics.drop(topic)) port.ended(id)
    else if (event === 'phx_error') reject(topic, crashed(topic))
    else {
      const cursor = cursorOf(event, payload)
      topics.deliver(topic, {
        event,
        data: payload instanceof Uint8Array ? payload : jsonOf(payload),
        cursor: cursor === undefined || cursor === null ? undefined : String(cursor),
      })
    }
  }

  return {
    acknowledges,
    open: () =>
      port.ready({ ping: { send: () => writeFrame(null, nextRef(), 'phoenix', 'heartbeat', {}), ...HEARTBEAT } }),
    receive(frame) {
      if (typeof frame === 'string') readJson(frame, port, (value) => read(frameOf(value)))
      else read(readBytes(frame))
    },
    subscribe: topics.add,
    unsubscribe: topics.remove,
    send(id, data, { key }) {
      const ref = push(nameOfTopic(topics, id), sentEvent, typeof data === 'string' ? jsonValue(data) : data)
      if (acknowledges) sent.set(ref, key)
    },
  }
}

function joinRejected(topic: string, response: unknown): PushError {
  const { reason } = fieldsOf(response)
  const code = reason === 'unauthorized' ? 'unauthorized' : 'rejected'
  return new PushError(code, DEV && `The server rejected topic "${topic}": ${textOf(reason) ?? jsonOf(response)}.`)
}

const messageRejected = (response: unknown): PushError =>
  new PushError('send-rejected', DEV && `The server rejected the message: ${jsonOf(response)}.`)

const crashed = (topic: string): PushError =>
  new PushError('unavailable', DEV && `Topic "${topic}" crashed at the server. Check the log of the server.`)

import { DEV } from '../../internal/dev.ts'
import { PushError, fault } from '../../errors.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { contentBy, cursorOf, fieldsOf, jsonOf, jsonValue, readJson, readSafely, shown } from '../json-frame.ts'
import { pendingReplies } from '../pending-replies.ts'
import { frameOf, readBytes, writeFrame, type PhoenixFrame } from './frames.ts'
import type { PhoenixOptions } from './options.ts'

/** The times of the client's heartbeat, in ms. The server closes a connection that is silent for 60 s. */
const HEARTBEAT = { every: 30_000, within: 10_000 }

/** Version 2 of the protocol of Phoenix channels, on one connection. */
export function phoenixConversation(
  {
    params = () => ({}),
    cursor: positionOf = () => undefined,
    resumed = repliedResumed,
    event: sentEvent = 'message',
    acknowledges = false,
  }: PhoenixOptions,
  port: SessionPort,
  credentials: SessionCredentials,
): Conversation {
  let { token } = credentials
  let lastRef = 0
  /** The reference of the last join of each topic. Frames of an earlier join are late. */
  const joins = new Map<string, string>()
  /** The keys of messages that wait for their reply, by reference. */
  const sent = pendingReplies<string, number>()

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
      unsubscribe(topic) {
        push(topic, 'phx_leave', {})
        joins.delete(topic)
      },
    },
    port,
  )
  const reject = (topic: string, error: PushError) => {
    for (const id of topics.drop(topic)) port.rejected(id, error)
  }

  const accepted = (topic: string, response: unknown) => {
    try {
      topics.acknowledge(topic, resumed(response), undefined)
    } catch (cause) {
      reject(topic, fault(cause, 'prepare-failed', DEV && '`resumed` of phoenix() failed. Correct it.'))
    }
  }

  /** The reply to a join, a message or a heartbeat. */
  const replied = ({ ref = '', topic, payload }: PhoenixFrame) => {
    const { status, response } = fieldsOf(payload)
    const key = sent.take(ref)
    if (ref === joins.get(topic)) {
      if (status === 'ok') accepted(topic, response)
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
      let cursor: string | undefined
      const content = contentBy(() => {
        cursor = cursorOf(positionOf(event, payload))
        return payload instanceof Uint8Array ? payload : jsonOf(payload)
      })
      topics.deliver(topic, { event, ...content, cursor })
    }
  }

  return {
    acknowledges,
    open: () =>
      port.ready({ ping: { send: () => writeFrame(null, nextRef(), 'phoenix', 'heartbeat', {}), ...HEARTBEAT } }),
    receive(frame) {
      if (typeof frame === 'string') readJson(frame, port, (value) => read(frameOf(value)))
      else readSafely(frame, port, () => read(readBytes(frame)))
    },
    subscribe: topics.add,
    unsubscribe: topics.remove,
    // The server knows no token. Later joins have this one.
    refresh: (next) => void (token = next),
    send(id, data, { key }) {
      const ref = push(nameOfTopic(topics, id), sentEvent, typeof data === 'string' ? jsonValue(data) : data)
      if (acknowledges) sent.add(ref, key)
    },
  }
}

/** The reply states whether the server sends the messages after the cursor. */
const repliedResumed: NonNullable<PhoenixOptions['resumed']> = (response) => fieldsOf(response)['resumed'] === true

function joinRejected(topic: string, response: unknown): PushError {
  const { reason } = fieldsOf(response)
  const code = reason === 'unauthorized' ? 'unauthorized' : 'rejected'
  return new PushError(code, DEV && `The server rejected topic "${topic}": ${shown(reason ?? response)}.`)
}

const messageRejected = (response: unknown): PushError =>
  new PushError('send-rejected', DEV && `The server rejected the message: ${jsonOf(response)}.`)

const crashed = (topic: string): PushError =>
  new PushError('unavailable', DEV && `Topic "${topic}" crashed at the server. Check the log of the server.`)

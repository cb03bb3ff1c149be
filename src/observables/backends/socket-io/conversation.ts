import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { encodeBase64 } from '../../parsers/base64.ts'
import type { Conversation, StartConversation } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { fieldsOf, jsonValue, textOf } from '../json-frame.ts'
import { invalid } from '../unreadable-message.ts'
import { emitter } from './emitter.ts'
import type { SocketIoOptions, SocketIoRejection } from './options.ts'
import { ACK, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, packetReader, type Packet } from './packets.ts'
import { recovery } from './recovery.ts'

/** The types of Engine.IO packets (protocol 4), as the first character of a frame. */
const OPEN = '0'
const CLOSE = '1'
const PING = '2'
const PONG = '3'
const MESSAGE = '4'

/** The times of the server, in ms, where its hello has none: the defaults of Socket.IO. */
const PING_INTERVAL = 25_000
const PING_TIMEOUT = 20_000

const ownToken: NonNullable<SocketIoOptions['auth']> = ({ token }) => (token === undefined ? {} : { token })

/**
 * Starts a session with a Socket.IO server. The server may restore the session on the next connection ("connection state
 * recovery"): it sends the missed events before it accepts the namespace.
 */
export function socketIoSession({
  namespace = '/',
  auth = ownToken,
  message: messageOf = wholeEvent,
  subscribe,
  unsubscribe,
  send: eventOf = (topic, data) => [topic, data],
  acknowledges = false,
  rejected = rejectedByError,
}: SocketIoOptions): StartConversation {
  const restoring = recovery()

  return (port, credentials): Conversation => {
    let heartbeat = PING_INTERVAL + PING_TIMEOUT
    let isConnected = false
    /** Events that came before the namespace was accepted. */
    let early: Packet[] = []
    const server = emitter(namespace, port)

    const topics = topicTable(
      {
        acknowledges: true,
        subscribe(topic, cursor) {
          if (restoring.resumes(topic, cursor)) return true
          if (subscribe) server.emit(subscribe(topic), ([reply]) => subscribed(topic, reply))
          return false
        },
        unsubscribe(topic) {
          if (unsubscribe) server.emit(unsubscribe(topic))
        },
      },
      port,
    )
    const acknowledge = (topic: string, resumed: boolean) => topics.acknowledge(topic, resumed, restoring.begin(topic))
    const subscribed = (topic: string, reply: unknown) => {
      const refusal = rejected(reply)
      if (!refusal) return acknowledge(topic, false)
      for (const id of topics.drop(topic)) port.rejected(id, topicRejected(topic, refusal))
    }

    const deliver = ({ ackId, data }: Packet) => {
      if (ackId !== undefined) server.acknowledge(ackId)
      const [event, ...args] = Array.isArray(data) ? (data as unknown[]) : []
      const offset = ackId === undefined ? restoring.takeOffset(args) : undefined
      if (typeof event !== 'string' || !restoring.isNew(offset)) return
      const message = messageOf(event, args)
      const cursor = restoring.move(message && message.topic, offset)
      if (message) topics.deliver(message.topic, { data: contentOf(message.data), event, cursor })
    }

    const connected = (data: unknown) => {
      isConnected = true
      const isRestored = restoring.connected(textOf(fieldsOf(data)['pid']))
      port.ready({ heartbeat })
      if (isRestored) for (const packet of early) deliver(packet)
      early = []
      restoring.settled()
    }

    const packets = packetReader((packet) => {
      const { type, data } = packet
      if (packet.namespace !== namespace) return
      if (type === CONNECT) return connected(data)
      if (type === EVENT) return isConnected ? deliver(packet) : void early.push(packet)
      if (type === ACK) return server.replied(packet)
      if (type === CONNECT_ERROR) port.refused(namespaceRejected(namespace, data))
      if (type === DISCONNECT) port.refused(disconnected(namespace))
    })

    const hello = (text: string) => {
      const { pingInterval = PING_INTERVAL, pingTimeout = PING_TIMEOUT } = fieldsOf(JSON.parse(text))
      heartbeat = Number(pingInterval) + Number(pingTimeout)
      server.connect({ ...auth(credentials), ...restoring.request() })
    }

    return {
      acknowledges,
      // The server sends first.
      open() {},
      receive(frame) {
        try {
          if (typeof frame !== 'string') packets.bytes(frame)
          else if (frame.startsWith(MESSAGE)) packets.text(frame.slice(1))
          else if (frame === PING) port.write(PONG)
          else if (frame.startsWith(OPEN)) hello(frame.slice(1))
          else if (frame === CLOSE) port.refused(closed())
        } catch (cause) {
          if (!isUnreadable(cause)) throw cause
          port.unreadable(frame, invalid(cause))
        }
      },
      subscribe(subscription) {
        const { topic, cursor } = subscription
        const resumes = restoring.resumes(topic, cursor)
        topics.add(subscription)
        if (resumes || !subscribe) acknowledge(topic, resumes)
      },
      unsubscribe(id) {
        const topic = topics.nameOf(id)
        topics.remove(id)
        if (topic !== undefined && topics.of(topic).length === 0) restoring.end(topic)
      },
      send(id, data, { key }) {
        const event = eventOf(nameOfTopic(topics, id), typeof data === 'string' ? jsonValue(data) : plainBytes(data))
        if (!acknowledges) return server.emit(event)
        server.emit(event, (reply) => {
          const refusal = rejected(reply[0])
          if (refusal) port.sendRejected(key, messageRejected(refusal))
          else port.acknowledged(key, reply.length > 1 ? reply : reply[0])
        })
      },
    }
  }
}

/** An event is a message of the topic with its name. */
const wholeEvent: NonNullable<SocketIoOptions['message']> = (event, args) => ({
  topic: event,
  data: args.length > 1 ? args : args[0],
})

/** Returns data as it is decoded: JSON, or bytes. Bytes within an object are Base64. */
function contentOf(data: unknown = null): Payload {
  if (data instanceof Uint8Array) return data
  return JSON.stringify(data, (_, value: unknown) => (value instanceof Uint8Array ? encodeBase64(value) : value))
}

/** Returns bytes without the JSON that a `Buffer` of Node has. */
const plainBytes = ({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Whether a frame is not a packet. */
const isUnreadable = (cause: unknown): boolean =>
  cause instanceof SyntaxError || (cause instanceof PushError && cause.code === 'invalid-message')

function rejectedByError(reply: unknown): SocketIoRejection | false {
  const { error } = fieldsOf(reply)
  return Boolean(error) && { message: textOf(error) ?? JSON.stringify(error) }
}

const topicRejected = (topic: string, { message, retry, unauthorized }: SocketIoRejection): PushError =>
  new PushError(
    unauthorized ? 'unauthorized' : retry ? 'unavailable' : 'rejected',
    DEV && `The server rejected topic "${topic}": ${message}.`,
  )

const messageRejected = ({ message }: SocketIoRejection): PushError =>
  new PushError('send-rejected', DEV && `The server rejected the message: ${message}.`)

/** A middleware rejected the user: nothing else rejects a namespace that exists. */
function namespaceRejected(namespace: string, data: unknown): PushError {
  const { message } = fieldsOf(data)
  const code = message === 'Invalid namespace' ? 'rejected' : 'unauthorized'
  return new PushError(code, DEV && `The server rejected namespace "${namespace}": ${String(message)}.`)
}

const disconnected = (namespace: string): PushError =>
  new PushError(
    'rejected',
    DEV && `The server disconnected namespace "${namespace}". Call reconnect() if the user may connect again.`,
  )

const closed = (): PushError => new PushError('connection-lost', DEV && 'The server closed the connection.')

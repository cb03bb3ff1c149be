import type { Payload } from '../../events.ts'
import { encodeBase64 } from '../../parsers/base64.ts'
import type { Conversation, SessionPort, StartConversation } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { contentBy, fieldsOf, jsonValue, readSafely, textOf, timeOf, type Fields } from '../json-frame.ts'
import { emitter } from './emitter.ts'
import type { SocketIoOptions } from './options.ts'
import { ACK, CONNECT, CONNECT_ERROR, DISCONNECT, EVENT, packetReader, type Packet } from './packets.ts'
import { recovery } from './recovery.ts'
import {
  closed,
  disconnected,
  messageRejected,
  namespaceRejected,
  rejectedByError,
  rejectionBy,
  topicRejected,
} from './rejections.ts'

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
export function socketIoSession(options: SocketIoOptions): StartConversation {
  const { namespace, auth, messageOf, subscribe, unsubscribe, eventOf, acknowledges, rejected } = complete(options)
  const restoring = recovery()

  return (port, credentials): Conversation => {
    let heartbeat = PING_INTERVAL + PING_TIMEOUT
    let isConnected = false
    /** Events that came before the namespace was accepted. */
    let early: Packet[] = []
    const server = emitter(namespace, port)

    const leave = (topic: string) => {
      if (unsubscribe) server.emit(unsubscribe(topic))
    }

    const topics = topicTable(
      {
        acknowledges: true,
        subscribe(topic, cursor) {
          if (restoring.resumes(topic, cursor)) return true
          if (subscribe) server.emit(subscribe(topic), ([reply]) => subscribed(topic, reply))
          return false
        },
        unsubscribe: leave,
      },
      port,
    )
    const acknowledge = (topic: string, resumed: boolean) => topics.acknowledge(topic, resumed, restoring.begin(topic))
    const subscribed = (topic: string, reply: unknown) => {
      const error = rejectionBy(rejected, reply, (refusal) => topicRejected(topic, refusal))
      if (!error) return acknowledge(topic, false)
      for (const id of topics.drop(topic)) port.rejected(id, error)
    }

    const deliver = ({ ackId, data }: Packet) => {
      const [event, ...args] = listOf(data)
      if (ackId !== undefined) server.acknowledge(ackId)
      else if (restoring.note(args, !isConnected)) return
      if (typeof event !== 'string') return
      readSafely(event, port, () => {
        const message = messageOf(event, args)
        if (!message) return
        const { topic } = message
        topics.deliver(topic, { ...contentBy(() => contentOf(message.data)), event, cursor: restoring.move(topic) })
      })
    }

    const connected = (data: unknown) => {
      const isRestored = restoring.connected(textOf(fieldsOf(data)['pid']))
      port.ready({ heartbeat })
      if (isRestored) for (const packet of early) deliver(packet)
      early = []
      isConnected = true
      for (const topic of restoring.settled()) leave(topic)
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
      heartbeat = longestSilence(fieldsOf(JSON.parse(text)))
      server.connect({ ...auth(credentials), ...restoring.request() })
    }

    const engine: EngineReader = {
      ...packets,
      hello,
      ping: () => port.write(PONG),
      closed: () => port.refused(closed()),
    }

    return {
      acknowledges,
      // The server sends first.
      open() {},
      receive: (frame) => readSafely(frame, port, () => readFrame(frame, engine)),
      subscribe(subscription) {
        const { topic, cursor } = subscription
        const resumes = restoring.resumes(topic, cursor)
        restoring.read(topic)
        topics.add(subscription)
        if (resumes || !subscribe) acknowledge(topic, resumes)
      },
      unsubscribe(id) {
        const topic = topics.nameOf(id)
        topics.remove(id)
        if (topic !== undefined && topics.of(topic).length === 0) restoring.end(topic)
      },
      send(id, data, { key }) {
        const event = eventOf(nameOfTopic(topics, id), contentToSend(data))
        server.emit(event, acknowledges ? (reply) => settle(port, key, reply, rejected) : undefined)
      },
    }
  }
}

/** Returns the longest silence of the server, in ms, by its hello. */
const longestSilence = ({ pingInterval, pingTimeout }: Fields): number =>
  (timeOf(pingInterval) ?? PING_INTERVAL) + (timeOf(pingTimeout) ?? PING_TIMEOUT)

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Returns the options with their defaults. */
const complete = ({
  namespace = '/',
  auth = ownToken,
  message = wholeEvent,
  send = (topic, data) => [topic, data],
  acknowledges = false,
  rejected = rejectedByError,
  subscribe,
  unsubscribe,
}: SocketIoOptions) => ({
  namespace,
  auth,
  messageOf: message,
  eventOf: send,
  acknowledges,
  rejected,
  subscribe,
  unsubscribe,
})

/** The packets of Engine.IO. */
interface EngineReader {
  text(packet: string): void
  bytes(packet: Uint8Array): void
  hello(text: string): void
  ping(): void
  closed(): void
}

/** Reads one packet of Engine.IO, which is one frame. */
function readFrame(frame: Payload, { text, bytes, hello, ping, closed: end }: EngineReader): void {
  if (typeof frame !== 'string') bytes(frame)
  else if (frame.startsWith(MESSAGE)) text(frame.slice(1))
  else if (frame === PING) ping()
  else if (frame.startsWith(OPEN)) hello(frame.slice(1))
  else if (frame === CLOSE) end()
}

/** The server acknowledged a message: it accepted it, or rejected it. */
function settle(
  port: SessionPort,
  key: number,
  reply: readonly unknown[],
  rejected: NonNullable<SocketIoOptions['rejected']>,
): void {
  const error = rejectionBy(rejected, reply[0], messageRejected)
  if (error) port.sendRejected(key, error)
  else port.acknowledged(key, reply.length > 1 ? reply : reply[0])
}

/** An event is a message of the topic with its name. */
const wholeEvent: NonNullable<SocketIoOptions['message']> = (event, [data]) => ({ topic: event, data })

/** Returns data as it is decoded: JSON, or bytes. Bytes within an object are Base64. */
function contentOf(data: unknown = null): Payload {
  if (data instanceof Uint8Array) return data
  return JSON.stringify(data, (_, value: unknown) => (value instanceof Uint8Array ? encodeBase64(value) : value))
}

/** Returns what a channel encoded: a value, or bytes without the JSON that a `Buffer` of Node has. */
const contentToSend = (data: Payload): unknown =>
  typeof data === 'string' ? jsonValue(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

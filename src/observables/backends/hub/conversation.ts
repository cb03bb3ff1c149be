import {
  POST_NUMBER,
  SESSION,
  readFrame,
  writeFrame,
  type Frame,
  type FrameHead,
} from '../../../wire/session-frames.ts'
import { asPushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { DEV } from '../../internal/dev.ts'
import { decodeBase64 } from '../../parsers/base64.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { nameOfTopic } from '../../session/name-of-topic.ts'
import { topicTable } from '../../session/topic-table.ts'
import { secondsToMs } from '../nchan/control-events.ts'
import { frameOutbox } from './frame-outbox.ts'
import { createPublications } from './publications.ts'
import { rejection, tooLarge } from './rejections.ts'
import { topicEpochs } from './topic-epochs.ts'

/** Handles the response to one command. */
interface Responder {
  ok(head: FrameHead, id: number): void
  error(head: FrameHead, id: number): void
}

/** The hub's conversation on one connection (PROTOCOL.md section 11). */
export function hubConversation(port: SessionPort, { clientId, token: first }: SessionCredentials): Conversation {
  const responders = new Map<number, Responder>()
  /** The last request of each topic: the response to an earlier one says nothing any more. */
  const latest = new Map<string, number>()
  const epochs = topicEpochs()
  let lastId = 0
  let maxMessageBytes = Infinity
  /** The token that the hub has when it reads the next command, and the last one that it accepted. */
  let token = first
  let accepted = first

  const outbox = frameOutbox(port.write)
  const write = (head: FrameHead, body?: Payload) => outbox.write(writeFrame(head, body))
  const request = (head: FrameHead, body: Payload | undefined, responder: Responder): number => {
    const id = (lastId += 1)
    responders.set(id, responder)
    write({ ...head, id }, body)
    return id
  }
  const respond = (id: number, then: (responder: Responder) => void) => {
    const responder = responders.get(id)
    responders.delete(id)
    if (responder) then(responder)
  }

  const subscribing = (topic: string): Responder => ({
    ok({ cursor, gap }, id) {
      if (latest.get(topic) !== id) return
      const place = text(cursor)
      epochs.follow(topic, place)
      topics.acknowledge(topic, true, place, text(gap))
    },
    error(head, id) {
      if (latest.get(topic) === id) reject(topic, head)
    },
  })
  const reject = (topic: string, head: FrameHead) => {
    latest.delete(topic)
    epochs.forget(topic)
    const error = rejection(topic, head)
    for (const each of topics.drop(topic)) port.rejected(each, error)
  }

  const topics = topicTable(
    {
      acknowledges: 'first',
      subscribe(topic, cursor) {
        latest.set(topic, request({ subscribe: topic, cursor }, undefined, subscribing(topic)))
        return true
      },
      unsubscribe(topic) {
        latest.delete(topic)
        epochs.forget(topic)
        write({ unsubscribe: topic })
      },
    },
    port,
  )
  const publications = createPublications({ clientId, request, port })

  const read = (head: FrameHead, body: Frame | undefined) => {
    const { message, ok, error, gap, end, ping, session, spread, rejected } = head
    if (typeof message === 'string') return topics.deliver(message, messageOf(head, body))
    if (typeof ok === 'number') return respond(ok, (responder) => responder.ok(head, ok))
    if (typeof error === 'number') return respond(error, (responder) => responder.error(head, error))
    if (typeof spread === 'number') port.spread(spread)
    if (typeof end === 'string') onEnd(end, head)
    else if (typeof rejected === 'string') {
      // Without an acknowledgement, a subscription was rejected that was left.
      if (topics.of(rejected).length > 0) reject(rejected, head)
    } else if (typeof gap === 'string') {
      const cursor = text(head['cursor'])
      epochs.follow(gap, cursor)
      for (const id of topics.of(gap)) port.gap(id, String(head['reason']), cursor)
    } else if (typeof ping === 'string')
      epochs.move(ping, (topic, cursor) => {
        for (const id of topics.of(topic)) port.moved(id, cursor)
      })
    else if (typeof session === 'string') {
      maxMessageBytes = largestMessage(head)
      port.ready({
        heartbeat: secondsToMs(head['heartbeat']),
        postQuery: (number) => ({ [SESSION]: session, [POST_NUMBER]: String(number) }),
      })
    }
  }

  const onEnd = (topic: string, { id, gap }: FrameHead) => {
    if (id !== undefined) {
      responders.delete(Number(id))
      if (latest.get(topic) !== id) return
      topics.acknowledge(topic, true, undefined, text(gap))
    }
    // Without an acknowledgement, a subscription has ended that was left.
    const ids = topics.of(topic)
    if (ids.length === 0) return
    latest.delete(topic)
    epochs.forget(topic)
    topics.drop(topic)
    for (const each of ids) {
      if (id === undefined && typeof gap === 'string') port.gap(each, gap)
      port.ended(each)
    }
  }

  return {
    acknowledges: true,
    resends: true,
    open: () => {},
    receive(frame) {
      try {
        readFrame(frame, read)
        outbox.flush()
      } catch (cause) {
        // What the frame held is lost, so the topics resume on another connection.
        port.refused(
          asPushError(cause, 'connection-lost', DEV && 'Frame of the hub not read. Use the same version as the hub.'),
        )
      }
    },
    subscribe: topics.add,
    unsubscribe: topics.remove,
    refresh(next) {
      request({ token: next, replaces: token }, undefined, {
        ok: () => void (accepted = next),
        error() {
          if (token === next) token = accepted
          port.refreshRejected()
        },
      })
      token = next
    },
    send(id, data, message) {
      const topic = nameOfTopic(topics, id)
      checkSize(data, maxMessageBytes)
      publications.publish({ topic, data, message })
    },
  }
}

/** The largest message that the hub takes, in bytes. */
const largestMessage = ({ maxMessageBytes }: FrameHead): number => Number(maxMessageBytes ?? Infinity)

/** @throws PushError `send-rejected` if the hub does not take a message of this size */
function checkSize(data: Payload, limit: number): void {
  const size = bytesOf(data, limit)
  if (size > limit) throw tooLarge(size, limit)
}

/** The size of a message in bytes; of text that is below a limit for sure, an estimate. */
const bytesOf = (data: Payload, limit: number): number =>
  typeof data === 'string' && data.length * 3 > limit ? new TextEncoder().encode(data).length : data.length

function messageOf(head: FrameHead, body: Frame | undefined): Parameters<SessionPort['message']>[1] {
  const { cursor, event, base64 } = head
  return {
    data: base64 === true ? decodeBase64(String(body)) : (body ?? ''),
    event: typeof event === 'string' ? event : 'message',
    cursor: text(cursor),
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

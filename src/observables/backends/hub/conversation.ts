import { formatCursor, parseCursor } from '../../../wire/cursor.ts'
import { readFrame, writeFrame, type Frame, type FrameHead } from '../../../wire/session-frames.ts'
import { PushError, asPushError } from '../../errors.ts'
import type { Payload } from '../../events.ts'
import { DEV } from '../../internal/dev.ts'
import { decodeBase64 } from '../../parsers/base64.ts'
import type { Conversation, SessionCredentials, SessionPort } from '../../session/conversation.ts'
import { topicTable } from '../../session/topic-table.ts'
import { frameOutbox } from './frame-outbox.ts'
import { hubPublications } from './publications.ts'
import { rejection, sendRejection } from './rejections.ts'

/** What the hub responds to. */
type Request =
  | { readonly kind: 'subscribe'; readonly topic: string }
  | { readonly kind: 'publish'; readonly key: number }
  | { readonly kind: 'publisher' }

/** The hub's conversation on one connection (PROTOCOL.md section 11). */
export function hubConversation(port: SessionPort, { clientId }: SessionCredentials): Conversation {
  const requests = new Map<number, Request>()
  /** The last request of each topic: the response to an earlier one says nothing any more. */
  const latest = new Map<string, number>()
  const epochs = new Map<string, string | undefined>()
  let lastId = 0

  const outbox = frameOutbox(port.write)
  const write = (head: FrameHead, body?: Payload) => outbox.write(writeFrame(head, body))
  const request = (made: Request, head: FrameHead, body?: Payload) => {
    const id = (lastId += 1)
    requests.set(id, made)
    write({ ...head, id }, body)
    return id
  }

  const topics = topicTable(
    {
      acknowledges: 'first',
      subscribe(topic, cursor) {
        latest.set(topic, request({ kind: 'subscribe', topic }, { subscribe: topic, cursor }))
        return true
      },
      unsubscribe(topic) {
        latest.delete(topic)
        epochs.delete(topic)
        write({ unsubscribe: topic })
      },
    },
    port,
  )

  const publications = hubPublications({
    port,
    introduce: () => void request({ kind: 'publisher' }, { publisher: clientId }),
    publish: (topic, key, data) => void request({ kind: 'publish', key }, { publish: topic, number: key }, data),
  })

  const onOk = (made: Request, id: number, { cursor, gap, memory }: FrameHead) => {
    switch (made.kind) {
      case 'subscribe': {
        if (latest.get(made.topic) !== id) return
        const place = text(cursor)
        follow(made.topic, place)
        return topics.acknowledge(made.topic, true, place, text(gap))
      }
      case 'publish':
        return port.acknowledged(made.key)
      case 'publisher':
        return publications.introduced(String(memory))
    }
  }

  const onError = (made: Request, id: number, head: FrameHead) => {
    switch (made.kind) {
      case 'subscribe': {
        if (latest.get(made.topic) !== id) return
        latest.delete(made.topic)
        const error = rejection(`Topic "${made.topic}"`, head)
        for (const each of topics.drop(made.topic)) port.rejected(each, error)
        return
      }
      case 'publish':
        return port.sendRejected(made.key, sendRejection(head))
      case 'publisher':
        return port.refused(rejection('The session', head))
    }
  }

  const respond = (id: unknown, then: (made: Request, id: number) => void) => {
    const made = requests.get(Number(id))
    requests.delete(Number(id))
    if (made) then(made, Number(id))
  }

  /** The place of a topic is in another epoch. */
  const follow = (topic: string, cursor: string | undefined) => {
    if (cursor !== undefined) epochs.set(topic, parseCursor(cursor).epoch)
  }

  /** Everything up to this position was sent, of every topic. */
  const move = (position: string) => {
    const parts = parseCursor(position)
    for (const [topic, epoch] of epochs) {
      const cursor = formatCursor({ ...parts, epoch })
      for (const id of topics.of(topic)) port.moved(id, cursor)
    }
  }

  const read = (head: FrameHead, body: Frame | undefined) => {
    const { message, ok, error, gap, end, ping, session, spread } = head
    if (typeof message === 'string') return topics.deliver(message, messageOf(head, body))
    if (ok !== undefined) return respond(ok, (made, id) => onOk(made, id, head))
    if (error !== undefined) return respond(error, (made, id) => onError(made, id, head))
    if (typeof spread === 'number') port.spread(spread)
    if (typeof end === 'string') onEnd(end, head)
    else if (typeof gap === 'string') {
      const cursor = text(head['cursor'])
      follow(gap, cursor)
      for (const id of topics.of(gap)) port.gap(id, String(head['reason']), cursor)
    } else if (typeof ping === 'string') move(ping)
    else if (typeof session === 'string') {
      publications.limit(Number(head['maxMessageBytes'] ?? Infinity))
      port.ready({ heartbeat: Number(head['heartbeat']) * 1_000, postQuery: { session } })
    }
  }

  const onEnd = (topic: string, { id, gap }: FrameHead) => {
    if (id !== undefined) {
      requests.delete(Number(id))
      if (latest.get(topic) !== id) return
      topics.acknowledge(topic, true, undefined, text(gap))
    }
    // Without an acknowledgement, a subscription has ended that was left.
    const ids = topics.of(topic)
    if (ids.length === 0) return
    latest.delete(topic)
    epochs.delete(topic)
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
        port.refused(asPushError(cause, 'connection-lost', DEV && 'A frame of the hub cannot be read'))
      }
    },
    subscribe: topics.add,
    unsubscribe: topics.remove,
    send(id, data, message) {
      const topic = topics.nameOf(id)
      if (topic === undefined) throw new PushError('not-connected', DEV && 'The topic is not subscribed.')
      publications.send(topic, data, message)
    },
  }
}

function messageOf(head: FrameHead, body: Frame | undefined): Parameters<SessionPort['message']>[1] {
  const { cursor, event, base64 } = head
  return {
    data: base64 === true ? decodeBase64(String(body)) : (body ?? ''),
    event: typeof event === 'string' ? event : 'message',
    cursor: text(cursor),
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

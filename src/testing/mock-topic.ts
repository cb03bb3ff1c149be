import { PushError, type GapReason, type Payload } from '../observables/kit.ts'
import type { SessionPort } from '../observables/session/conversation.ts'
import type { TopicTable } from '../observables/session/topic-table.ts'
import { mockRejection, type MockCursors, type MockMessageOptions } from './mock-message.ts'

/** One topic of a connection, driven by the test as a connection is. */
export interface MockTopic {
  /** The cursor behind which the client resumes; undefined: it has none. */
  readonly cursor: string | undefined
  /** The payloads that the client sent to the topic on this connection. */
  readonly sent: readonly Payload[]
  /** Whether the client left the topic, or the topic or the connection ended. */
  readonly closed: boolean
  /** Acknowledges the subscription, on a connection that was opened with `acknowledges: false`. */
  open(): void
  /** Emits one message, as JSON. */
  message(data: unknown, options?: MockMessageOptions): void
  /** Emits one payload without encoding it. */
  raw(payload: Payload, options?: MockMessageOptions): void
  /** Emits a message that is not valid JSON. */
  invalid(text?: string): void
  /** Emits a gap: messages may be missing. */
  gap(reason: GapReason, cursor?: string): void
  /** Rejects this topic alone with a status. 429 and 5xx are retried, others are final. @default 404 */
  refuse(status?: number): void
  /** Ends this topic alone. */
  end(): void
  /**
   * Accepts the oldest message that waits, on a connection that was opened with `acknowledges: false`. `send` resolves with
   * the reply.
   */
  acceptSend(reply?: unknown): void
  /** Rejects the oldest message that waits, with a status. @default 403 */
  refuseSend(status?: number): void
}

/** What the mock server knows of a topic. */
export interface TopicRecord {
  readonly name: string
  cursor: string | undefined
  readonly sent: Payload[]
  /** The keys of the messages that wait to be accepted. */
  readonly waiting: number[]
  state: 'subscribing' | 'open' | 'closed'
}

export interface MockTopicOptions {
  readonly topic: TopicRecord
  readonly table: TopicTable
  readonly port: SessionPort
  readonly technique: string
  readonly resumes: boolean
  readonly cursors: MockCursors
  readonly acknowledge: (topic: TopicRecord) => void
  readonly isClosed: () => boolean
  /** Throws if the connection has ended. */
  readonly assertLive: (method: string) => void
}

/** Returns what drives one topic. */
export function mockTopic({
  topic,
  table,
  port,
  technique,
  resumes,
  cursors,
  acknowledge,
  isClosed,
  assertLive,
}: MockTopicOptions): MockTopic {
  const { name, sent, waiting } = topic

  const assertSubscribed = (method: string) => {
    assertLive(method)
    if (topic.state === 'closed') throw new Error(`${method}() failed: topic "${name}" is not subscribed any more.`)
  }
  const assertOpen = (method: string) => {
    assertSubscribed(method)
    if (topic.state === 'subscribing')
      throw new Error(`${method}() failed: topic "${name}" is not open. Call open() first.`)
  }
  const emit = (
    method: string,
    data: Payload,
    { event = 'message', cursor = resumes ? cursors.next() : null }: MockMessageOptions = {},
  ) => {
    assertOpen(method)
    table.deliver(name, { data, event, ...(cursor !== null && { cursor }) })
  }
  /** Returns the subscriptions of the topic, which ends. */
  const close = () => {
    topic.state = 'closed'
    return table.drop(name)
  }
  const oldest = (method: string): number => {
    assertLive(method)
    const key = waiting.shift()
    if (key !== undefined) return key
    throw new Error(
      `${method}() failed: no message waits in topic "${name}". Open the connection with \`acknowledges: false\`, and send one.`,
    )
  }

  return {
    get cursor() {
      return topic.cursor
    },
    sent,
    get closed() {
      return topic.state === 'closed' || isClosed()
    },
    open() {
      assertSubscribed('open')
      if (topic.state === 'open') throw new Error(`open() failed: topic "${name}" is open already.`)
      acknowledge(topic)
    },
    message: (data, options) => emit('message', JSON.stringify(data), options),
    raw: (payload, options) => emit('raw', payload, options),
    invalid: (text = '{ this is not JSON') => emit('invalid', text),
    gap(reason, cursor) {
      assertOpen('gap')
      for (const id of table.of(name)) port.gap(id, reason, cursor)
    },
    refuse(status = 404) {
      assertSubscribed('refuse')
      const error = mockRejection(`topic "${name}"`, technique, status)
      for (const id of close()) port.rejected(id, error)
    },
    end() {
      assertOpen('end')
      for (const id of close()) port.ended(id)
    },
    acceptSend: (reply) => port.acknowledged(oldest('acceptSend'), reply),
    refuseSend(status = 403) {
      const message = `The mock server rejected the message with ${status}.`
      port.sendRejected(oldest('refuseSend'), new PushError('send-rejected', message, { technique, status }))
    },
  }
}

import type { Subscriber } from 'rxjs'
import { PushError, type GapReason, type Payload, type PushRequest, type SourceEvent } from '../observables/kit.ts'
import type { Conversation, SessionPort } from '../observables/session/conversation.ts'
import { mockRejection, type MockCursors, type MockMessageOptions } from './mock-message.ts'
import type { MockTopic } from './mock-topic.ts'
import { mockTopics, type MockTopics } from './mock-topics.ts'

/** One connection attempt, driven by the test. It hangs until the test opens or ends it. */
export interface MockConnection {
  /** The client's request: URL, headers and the cursor to resume from. */
  readonly request: PushRequest
  /** The payloads that the client sent on it. */
  readonly sent: readonly Payload[]
  /** Whether the client closed it, or it ended. */
  readonly closed: boolean
  /**
   * Opens the connection. It resumes if the request has a cursor of its namespace. If the request has none, the mock emits
   * the current cursor, as a good server does, unless `cursor` is null. `heartbeat` is in ms.
   *
   * On a connection with topics, the mock acknowledges each subscription and each message at once. With
   * `acknowledges: false` the test does it, with `topic(name)`.
   */
  open(options?: { unconfirmed?: boolean; heartbeat?: number; cursor?: string | null; acknowledges?: boolean }): void
  /**
   * Returns one topic of a connection with topics, which has the methods of a connection. The connection's own
   * `drop()`, `refuse()` and `end()` concern all of them.
   */
  topic(name: string): MockTopic
  /** Emits one message, as JSON. */
  message(data: unknown, options?: MockMessageOptions): void
  /** Emits one payload without encoding it. */
  raw(payload: Payload, options?: MockMessageOptions): void
  /** Emits a message that is not valid JSON. */
  invalid(text?: string): void
  /** Emits a gap: messages may be missing. */
  gap(reason: GapReason, cursor?: string): void
  /** Emits a sign of life, such as a heartbeat. */
  alive(): void
  /** Ends the connection with an error. @default a `connection-lost` PushError */
  drop(error?: unknown): void
  /** Rejects the request with a status. 429 and 5xx are retried, 401 and 403 once, others are final. @default 404 */
  refuse(status?: number): void
  /** Ends the channel. */
  end(): void
  /** Does nothing, so that the connection hangs. The call makes this explicit in a test. */
  hang(): void
}

interface MockConnectionOptions {
  name: string
  namespace: string
  sends: boolean
  resumes: boolean
  request: PushRequest
  subscriber: Subscriber<SourceEvent>
  cursors: MockCursors
  resends: boolean
  /** Called when the connection opens. A session of topics then begins its conversation by `start`. */
  opening: (start: (port: SessionPort) => Conversation) => void
}

/** A connection, as the kit sees it. */
export interface OpenConnection extends MockConnection {
  /** The topics that are read on it. */
  topicNames(): readonly string[]
}

export function mockConnection({
  name,
  namespace,
  sends,
  resumes,
  request,
  subscriber,
  cursors,
  resends,
  opening,
}: MockConnectionOptions): OpenConnection {
  const sent: Payload[] = []
  let opened = false
  let topics: MockTopics | undefined

  const assertLive = (method: string) => {
    if (subscriber.closed)
      throw new Error(`${method}() failed: the client closed this connection, or it ended. Use \`technique.latest\`.`)
  }
  const assertOpen = (method: string) => {
    assertLive(method)
    if (!opened) throw new Error(`${method}() failed: the connection is not open. Call open() first.`)
  }
  const emit = (method: string, event: SourceEvent) => {
    assertOpen(method)
    if (topics && event.type !== 'alive')
      throw new Error(`${method}() failed: the connection has topics. Use topic(name).`)
    subscriber.next(event)
  }
  const isClosed = () => subscriber.closed
  const withCursor = ({ event = 'message', cursor = resumes ? cursors.next() : null }: MockMessageOptions = {}) =>
    cursor === null ? { event } : { event, cursor }
  const fail = (method: string, error: unknown) => {
    assertLive(method)
    subscriber.error(error)
  }

  return {
    request,
    sent,
    get closed() {
      return subscriber.closed
    },
    open({
      unconfirmed = false,
      heartbeat,
      cursor = resumes && !request.cursor ? cursors.last() : null,
      acknowledges = true,
    } = {}) {
      assertLive('open')
      opened = true
      opening((port) => {
        const server = {
          port,
          technique: name,
          resumes,
          sends,
          resends,
          acknowledges,
          cursors,
          sent,
          isClosed,
          assertLive,
        }
        topics = mockTopics(server)
        return topics.conversation
      })
      const send = (payload: Payload) => {
        if (subscriber.closed)
          throw new PushError('connection-lost', 'The mock connection is closed.', { technique: name })
        sent.push(payload)
      }
      subscriber.next({
        type: 'open',
        technique: name,
        namespace,
        resumed: resumes && request.cursor?.namespace === namespace,
        unconfirmed,
        ...(sends && { send }),
      })
      if (unconfirmed) return
      if (heartbeat !== undefined || cursor !== null) {
        subscriber.next({
          type: 'alive',
          ...(cursor !== null && { cursor }),
          ...(heartbeat !== undefined && { heartbeat }),
        })
      }
    },
    topic(topic) {
      if (topics) return topics.topic(topic)
      assertOpen('topic')
      throw new Error(`topic("${topic}") failed: the connection of ${request.url} has no topics.`)
    },
    topicNames: () => topics?.names() ?? [],
    message: (data, options) =>
      emit('message', { type: 'message', data: JSON.stringify(data), ...withCursor(options) }),
    raw: (payload, options) => emit('raw', { type: 'message', data: payload, ...withCursor(options) }),
    invalid: (text = '{ this is not JSON') => emit('invalid', { type: 'message', data: text, ...withCursor() }),
    gap: (reason, cursor) => emit('gap', { type: 'gap', reason, ...(cursor !== undefined && { cursor }) }),
    alive: () => emit('alive', { type: 'alive' }),
    drop: (error = new PushError('connection-lost', 'The mock connection was dropped.', { technique: name })) =>
      fail('drop', error),
    refuse: (status = 404) => fail('refuse', mockRejection('the request', name, status)),
    end() {
      assertLive('end')
      subscriber.complete()
    },
    hang: () => assertLive('hang'),
  }
}

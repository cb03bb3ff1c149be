import type { Subscriber } from 'rxjs'
import { rejectionCode } from '../observables/errors.ts'
import { PushError, type GapReason, type Payload, type PushRequest, type SourceEvent } from '../observables/kit.ts'

/** The name and cursor of a message that the mock emits. */
export interface MockMessageOptions {
  /** The event's name. @default 'message' */
  event?: string
  /** The message's cursor, or null for none. @default the next of `c1`, `c2`, ... if the technique resumes */
  cursor?: string | null
}

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
   */
  open(options?: { unconfirmed?: boolean; heartbeat?: number; cursor?: string | null }): void
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
  /** Does nothing, so that the connection hangs. It states this in a test. */
  hang(): void
}

interface MockConnectionOptions {
  name: string
  namespace: string
  sends: boolean
  resumes: boolean
  request: PushRequest
  subscriber: Subscriber<SourceEvent>
  /** Return the next cursor, and the last one. */
  cursors: { next(): string; last(): string }
}

export function mockConnection({
  name,
  namespace,
  sends,
  resumes,
  request,
  subscriber,
  cursors,
}: MockConnectionOptions): MockConnection {
  const sent: Payload[] = []
  let opened = false

  const assertLive = (method: string) => {
    if (subscriber.closed)
      throw new Error(`${method}() failed: the client closed this connection, or it ended. Use \`technique.latest\`.`)
  }
  const emit = (method: string, event: SourceEvent) => {
    assertLive(method)
    if (!opened) throw new Error(`${method}() failed: the connection is not open. Call open() first.`)
    subscriber.next(event)
  }
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
    open({ unconfirmed = false, heartbeat, cursor = resumes && !request.cursor ? cursors.last() : null } = {}) {
      assertLive('open')
      opened = true
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
    message: (data, options) =>
      emit('message', { type: 'message', data: JSON.stringify(data), ...withCursor(options) }),
    raw: (payload, options) => emit('raw', { type: 'message', data: payload, ...withCursor(options) }),
    invalid: (text = '{ this is not JSON') => emit('invalid', { type: 'message', data: text, ...withCursor() }),
    gap: (reason, cursor) => emit('gap', { type: 'gap', reason, ...(cursor !== undefined && { cursor }) }),
    alive: () => emit('alive', { type: 'alive' }),
    drop: (error = new PushError('connection-lost', 'The mock connection was dropped.', { technique: name })) =>
      fail('drop', error),
    refuse(status = 404) {
      const code = status === 429 || status >= 500 ? 'unavailable' : rejectionCode(status)
      fail(
        'refuse',
        new PushError(code, `The mock server rejected the request with ${status}.`, { technique: name, status }),
      )
    },
    end() {
      assertLive('end')
      subscriber.complete()
    },
    hang: () => assertLive('hang'),
  }
}

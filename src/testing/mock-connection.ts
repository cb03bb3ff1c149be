import type { Subscriber } from 'rxjs'
import { rejectionCode } from '../observables/errors.ts'
import { PushError, type GapReason, type Payload, type PushRequest, type SourceEvent } from '../observables/kit.ts'

/** Name and place of a message that the mock delivers. */
export interface MockMessageOptions {
  /** The event's name. @default 'message' */
  event?: string
  /** Its cursor; null: none. @default the next of `c1`, `c2`, ... where the technique resumes */
  cursor?: string | null
}

/** One connection attempt, which does what the test says. Left alone it hangs: it does not answer. */
export interface MockConnection {
  /** What it was asked with: URL, headers, the cursor to go on from. */
  readonly request: PushRequest
  /** What the client sent on it. */
  readonly sent: readonly Payload[]
  /** The client left it, or it ended. */
  readonly closed: boolean
  /**
   * Accepts. It resumes where the request carried a cursor of its namespace; where it carried none, it states the present
   * place, as a good server does (`cursor: null`: it does not).
   */
  open(options?: { unconfirmed?: boolean; heartbeat?: number; cursor?: string | null }): void
  /** Delivers one message, as JSON. */
  message(data: unknown, place?: MockMessageOptions): void
  /** Delivers one payload as it is. */
  raw(payload: Payload, place?: MockMessageOptions): void
  /** Delivers what no schema takes and no JSON parser either. */
  invalid(text?: string): void
  /** Says that messages may be missing. */
  gap(reason: GapReason, cursor?: string): void
  /** A sign of life that is no message. */
  alive(): void
  /** Breaks. @default a `connection-lost` PushError */
  drop(error?: unknown): void
  /** Answers with a status: 429 and 5xx may be tried again, 401 and 403 once, all others are final. @default 404 */
  refuse(status?: number): void
  /** Says that the channel has ended. */
  end(): void
  /** Does not answer: what it does anyway, said aloud. */
  hang(): void
}

interface Script {
  name: string
  namespace: string
  sends: boolean
  resumes: boolean
  request: PushRequest
  subscriber: Subscriber<SourceEvent>
  /** The cursor after the last one, and the last one. */
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
}: Script): MockConnection {
  const sent: Payload[] = []
  let opened = false

  const live = (act: string) => {
    if (subscriber.closed) throw new Error(`${act}(): this connection is closed: the client left it, or it ended`)
  }
  const say = (act: string, event: SourceEvent) => {
    live(act)
    if (!opened) throw new Error(`${act}(): open() the connection first`)
    subscriber.next(event)
  }
  const placed = ({ event = 'message', cursor = resumes ? cursors.next() : null }: MockMessageOptions = {}) =>
    cursor === null ? { event } : { event, cursor }
  const fail = (act: string, error: unknown) => {
    live(act)
    subscriber.error(error)
  }

  return {
    request,
    sent,
    get closed() {
      return subscriber.closed
    },
    open({ unconfirmed = false, heartbeat, cursor = resumes && !request.cursor ? cursors.last() : null } = {}) {
      live('open')
      opened = true
      const send = (payload: Payload) => {
        if (subscriber.closed)
          throw new PushError('connection-lost', 'the scripted connection is closed', { technique: name })
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
    message: (data, place) => say('message', { type: 'message', data: JSON.stringify(data), ...placed(place) }),
    raw: (payload, place) => say('raw', { type: 'message', data: payload, ...placed(place) }),
    invalid: (text = '{ this is no JSON') => say('invalid', { type: 'message', data: text, ...placed() }),
    gap: (reason, cursor) => say('gap', { type: 'gap', reason, ...(cursor !== undefined && { cursor }) }),
    alive: () => say('alive', { type: 'alive' }),
    drop: (error = new PushError('connection-lost', 'the scripted connection dropped', { technique: name })) =>
      fail('drop', error),
    refuse(status = 404) {
      const code = status === 429 || status >= 500 ? 'unavailable' : rejectionCode(status)
      fail('refuse', new PushError(code, `the scripted server answered ${status}`, { technique: name, status }))
    },
    end() {
      live('end')
      subscriber.complete()
    },
    hang: () => live('hang'),
  }
}

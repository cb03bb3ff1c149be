import { Observable, type Subscriber } from 'rxjs'
import {
  PushError,
  type GapReason,
  type Payload,
  type PushRequest,
  type SourceEvent,
  type Technique,
} from '../observables/index.ts'

export interface ScriptedTechniqueOptions {
  /** @default 'scripted' */
  name?: string
  /** Whether a connection goes on from the cursor it is asked for; otherwise every reconnect is a gap. @default true */
  resumes?: boolean
  /** @default true */
  sends?: boolean
}

/** One connection of a scripted technique: it does what the test says, and hangs until then. */
export interface ScriptedConnection {
  /** What it was asked for, its cursor included. */
  readonly request: PushRequest
  /** What the client sent, in order. */
  readonly sent: readonly Payload[]
  /** It ended, or was left. */
  readonly closed: boolean
  open(options?: { presumed?: boolean }): void
  /** A message: a string as it is, anything else as JSON. Cursors are numbered unless one is named; `null`: none. */
  message(data: unknown, options?: { event?: string; cursor?: string | null }): void
  /** A payload that no decoder reads. */
  garbage(payload?: Payload): void
  gap(reason?: GapReason): void
  /** Bytes that are no message. */
  alive(options?: { cursor?: string; heartbeat?: number }): void
  /** The connection breaks. */
  drop(error?: PushError): void
  /** The server says no for good. */
  refuse(status?: number): void
  /** The channel ends. */
  end(): void
}

/** A technique without a network. */
export interface ScriptedTechnique extends Technique {
  /** Every connection so far, the ended ones too. */
  readonly connections: readonly ScriptedConnection[]
  /** The newest connection. @throws Error where nothing connected yet */
  readonly latest: ScriptedConnection
}

const SPACE = 'scripted'

/**
 * A technique that does what a test says. Together with `virtualTime()` it plays any failure of a network at once.
 *
 * @example
 * const technique = scriptedTechnique()
 * const push = createPushClient({ via: technique, base: 'http://localhost' })
 * push.channel<number>('/ticks').messages$.subscribe(({ data }) => seen.push(data))
 * technique.latest.open()
 * technique.latest.message(1)
 * technique.latest.drop()
 */
export function scriptedTechnique({ name = 'scripted', resumes = true, sends = true }: ScriptedTechniqueOptions = {}): ScriptedTechnique {
  const connections: ScriptedConnection[] = []
  let counter = 0
  const cursorFor = (cursor: string | null | undefined) => {
    if (cursor === null) return {}
    counter += 1
    return { cursor: cursor ?? String(counter) }
  }

  const connection = (request: PushRequest, subscriber: Subscriber<SourceEvent>): ScriptedConnection => {
    const sent: Payload[] = []
    const resumed = resumes && request.cursor !== undefined
    const send = { send: (data: Payload) => void sent.push(data) }
    return {
      request,
      sent,
      get closed() {
        return subscriber.closed
      },
      open: ({ presumed = false } = {}) =>
        subscriber.next({ type: 'open', technique: name, space: SPACE, resumed, presumed, ...(sends && send) }),
      message: (data, { event = 'message', cursor } = {}) =>
        subscriber.next({ type: 'message', data: typeof data === 'string' ? data : JSON.stringify(data), event, ...cursorFor(cursor) }),
      garbage: (data = '{"this is": no JSON') => subscriber.next({ type: 'message', data, event: 'message', ...cursorFor(undefined) }),
      gap: (reason = 'expired') => subscriber.next({ type: 'gap', reason }),
      alive: (options = {}) => subscriber.next({ type: 'alive', ...options }),
      drop: (error = new PushError('lost', 'dropped by the script')) => subscriber.error(error),
      refuse: (status = 403) => subscriber.error(new PushError('refused', `refused by the script: ${status}`, { status })),
      end: () => subscriber.complete(),
    }
  }

  return {
    name,
    isSupported: () => true,
    connect: (request) =>
      new Observable((subscriber) => {
        connections.push(connection(request, subscriber))
      }),
    connections,
    get latest() {
      const newest = connections.at(-1)
      if (!newest) throw new Error('nothing connected yet: is the channel read?')
      return newest
    },
  }
}

import type { Ping } from '../backends/backend.ts'
import { PushError, fault, type PushErrorCode } from '../errors.ts'
import type { Payload, SourceEvent } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import type { SessionCredentials, SessionPort, StartConversation } from './conversation.ts'
import type { ReadyConnection, TopicLink } from './topic-link.ts'

export interface TalkOptions {
  readonly start: StartConversation
  readonly credentials: SessionCredentials
  readonly write: (frame: Payload) => void
  readonly nextId: () => number
  readonly ready: (connection: ReadyConnection, ping: Ping | undefined) => void
  /** A frame was read, after the hello. */
  readonly alive: () => void
  readonly refuse: (error: unknown) => void
}

/** One connection's conversation with the server. */
export interface Talk {
  receive(frame: Payload): void
  /** The connection is gone: messages that the server did not acknowledge reject. */
  end(): void
}

interface Unacknowledged {
  /** Ends the wait. */
  readonly forget: () => void
  readonly resolve: () => void
  readonly reject: (error: PushError) => void
}

const FAILED = DEV && 'A function of the backend failed'

/** The codes of a frame that the connection did not take. */
const UNWRITTEN: ReadonlySet<PushErrorCode> = new Set(['not-connected', 'buffer-full'])

/** Begins a conversation on a connection that opened. */
export function startTalk({ start, credentials, write, nextId, ready, alive, refuse }: TalkOptions): Talk {
  const links = new Map<number, TopicLink>()
  const unacknowledged = new Map<number, Unacknowledged>()
  let isReady = false
  let ended = false
  let nextKey = 0

  const settle = (key: number, then: (message: Unacknowledged) => void) => {
    const message = unacknowledged.get(key)
    if (!message) return
    message.forget()
    then(message)
  }

  const tell = (id: number, event: SourceEvent) => links.get(id)?.receive(event)

  const port: SessionPort = {
    write,
    ready(session) {
      if (isReady || ended) return
      isReady = true
      ready(connection, session?.ping)
    },
    subscribed: (id, state) => links.get(id)?.subscribed(state),
    message: (id, message) => tell(id, { type: 'message', ...message }),
    gap: (id, reason, cursor) => tell(id, { type: 'gap', reason, cursor }),
    rejected: (id, error) => links.get(id)?.rejected(error),
    ended: (id) => links.get(id)?.end({ type: 'closed', by: 'server' }),
    acknowledged: (key) => settle(key, ({ resolve }) => resolve()),
    sendRejected: (key, error) => settle(key, ({ reject }) => reject(error)),
    unreadable(frame, error) {
      // A handler may subscribe another topic, which lacks nothing.
      const present = [...links.values()]
      for (const link of present) link.receive({ type: 'message', data: frame, event: 'message', error })
    },
    refused: refuse,
  }
  const conversation = start(port, credentials)

  const guarded = (step: () => void) => {
    try {
      step()
    } catch (cause) {
      const error = fault(cause, 'prepare-failed', FAILED)
      // A connection that is closing, or full, reports that itself.
      if (!UNWRITTEN.has(error.code)) refuse(error)
    }
  }

  const connection: ReadyConnection = {
    register(link) {
      const id = nextId()
      links.set(id, link)
      return id
    },
    release: (id) => void links.delete(id),
    subscribe(subscription) {
      try {
        conversation.subscribe(subscription)
        return undefined
      } catch (cause) {
        const error = fault(cause, 'prepare-failed', FAILED)
        return error.code === 'not-connected' ? undefined : error
      }
    },
    unsubscribe: (id) => guarded(() => conversation.unsubscribe(id)),
    send(id, data, signal) {
      const key = (nextKey += 1)
      if (!conversation.acknowledges) return conversation.send(id, data, key)
      return new Promise((resolve, reject) => {
        const forget = () => {
          unacknowledged.delete(key)
          signal?.removeEventListener('abort', forget)
        }
        signal?.addEventListener('abort', forget)
        unacknowledged.set(key, { resolve, reject, forget })
        try {
          conversation.send(id, data, key)
        } catch (error) {
          forget()
          reject(error)
        }
      })
    },
  }
  guarded(() => conversation.open())

  return {
    receive(frame) {
      guarded(() => conversation.receive(frame))
      if (isReady) alive()
    },
    end() {
      ended = true
      links.clear()
      const error = new PushError(
        'send-aborted',
        DEV &&
          'The connection was lost before the server acknowledged the message. The server may have it: send it again only if it may come twice.',
      )
      for (const { forget, reject } of unacknowledged.values()) {
        forget()
        reject(error)
      }
    },
  }
}

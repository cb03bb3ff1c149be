import type { Ping } from '../backends/backend.ts'
import { PushError, fault } from '../errors.ts'
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
  readonly resolve: () => void
  readonly reject: (error: PushError) => void
}

/** Begins a conversation on a connection that opened. */
export function startTalk({ start, credentials, write, nextId, ready, alive, refuse }: TalkOptions): Talk {
  const links = new Map<number, TopicLink>()
  const unacknowledged = new Map<number, Unacknowledged>()
  let isReady = false
  let ended = false
  let nextKey = 0

  const settle = (key: number, then: (message: Unacknowledged) => void) => {
    const message = unacknowledged.get(key)
    unacknowledged.delete(key)
    if (message) then(message)
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
      for (const id of links.keys()) tell(id, { type: 'message', data: frame, event: 'message', error })
    },
    refused: refuse,
  }
  const conversation = start(port, credentials)

  const connection: ReadyConnection = {
    conversation,
    register(link) {
      const id = nextId()
      links.set(id, link)
      return id
    },
    release: (id) => void links.delete(id),
    send(id, data) {
      const key = (nextKey += 1)
      if (!conversation.acknowledges) return conversation.send(id, data, key)
      return new Promise((resolve, reject) => {
        unacknowledged.set(key, { resolve, reject })
        try {
          conversation.send(id, data, key)
        } catch (error) {
          unacknowledged.delete(key)
          reject(error)
        }
      })
    },
  }

  const guarded = (step: () => void) => {
    try {
      step()
    } catch (cause) {
      refuse(fault(cause, 'prepare-failed', DEV && 'A function of the backend failed'))
    }
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
      for (const { reject } of unacknowledged.values()) reject(error)
      unacknowledged.clear()
    },
  }
}

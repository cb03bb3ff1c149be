import type { Observable } from 'rxjs'
import { PushError, fault, type PushErrorCode } from '../errors.ts'
import type { Payload, SourceEvent } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import type {
  Conversation,
  OutgoingMessage,
  SessionCredentials,
  SessionPort,
  StartConversation,
  TopicSubscription,
} from './conversation.ts'
import type { ReadyConnection, TopicReports } from './ready-connection.ts'
import { notConnected, unknownOutcome } from './lost-messages.ts'
import { topicAuthorizations } from './topic-authorizations.ts'

/** What the hello of a server agreed on. */
export type ReadySession = NonNullable<Parameters<SessionPort['ready']>[0]>

export interface TalkOptions {
  readonly start: StartConversation
  readonly credentials: SessionCredentials
  readonly write: (frame: Payload) => void
  readonly nextId: () => number
  readonly ready: (connection: ReadyConnection, session: ReadySession) => void
  /** Returns the record of a message: the same each time that it is sent. */
  readonly outgoing: (message: object) => OutgoingMessage
  /** A frame was read, after the hello. */
  readonly alive: () => void
  readonly spread: (time: number) => void
  /** The server did not accept another token. */
  readonly refreshRejected: () => void
  readonly refuse: (error: unknown) => void
}

/** One connection's conversation with the server. */
export interface Talk {
  receive(frame: Payload): void
  /** Whether no message would reject if the connection closed. */
  readonly isSettled: boolean
  /** Rejects the messages that the server did not acknowledge, because the connection has closed. */
  end(): void
}

interface Unacknowledged {
  /** Ends the wait. */
  readonly forget: () => void
  readonly resolve: (reply: unknown) => void
  readonly reject: (error: PushError) => void
}

const FAILED = DEV && 'A function of the backend failed. Correct it.'

/** The codes of a frame that the connection did not take. */
const UNWRITTEN: ReadonlySet<PushErrorCode> = new Set(['not-connected', 'buffer-full'])

/** Begins a conversation on a connection that opened. */
export function startTalk({
  start,
  credentials,
  write: writeFrame,
  nextId,
  ready,
  outgoing,
  alive,
  spread,
  refreshRejected,
  refuse,
}: TalkOptions): Talk {
  const links = new Map<number, TopicReports>()
  const unacknowledged = new Map<number, Unacknowledged>()
  const authorizations = topicAuthorizations()
  let authorizeTopic: ReadySession['authorizeTopic']
  let isReady = false
  let ended = false

  const settle = (key: number, then: (message: Unacknowledged) => void) => {
    const message = unacknowledged.get(key)
    if (!message) return
    message.forget()
    then(message)
  }

  const tell = (id: number, event: SourceEvent) => links.get(id)?.receive(event)

  const port: SessionPort = {
    write: writeFrame,
    ready(session = {}) {
      if (isReady || ended) return
      isReady = true
      ;({ authorizeTopic } = session)
      ready(connection, session)
    },
    subscribed: (id, state) => links.get(id)?.subscribed(state),
    message: (id, message) => tell(id, { type: 'message', ...message }),
    spread,
    moved: (id, cursor) => tell(id, { type: 'alive', cursor }),
    gap: (id, reason, cursor) => tell(id, { type: 'gap', reason, cursor }),
    rejected: (id, error) => links.get(id)?.rejected(error),
    ended: (id) => links.get(id)?.end({ type: 'closed', by: 'server' }),
    acknowledged: (key, reply) => settle(key, ({ resolve }) => resolve(reply)),
    sendRejected: (key, error) => settle(key, ({ reject }) => reject(error)),
    unreadable(frame, error) {
      // A handler may subscribe another topic, which lacks nothing.
      const present = [...links.values()]
      for (const link of present) link.receive({ type: 'message', data: frame, event: 'message', error })
    },
    refreshRejected,
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

  /** Returns why a topic cannot be subscribed; undefined also where the connection is closing. */
  const attempt = (step: () => void) => {
    try {
      step()
      return undefined
    } catch (cause) {
      const error = fault(cause, 'prepare-failed', FAILED)
      return error.code === 'not-connected' ? undefined : error
    }
  }
  const subscribeAfter = (authorization$: Observable<unknown>, subscription: TopicSubscription) => {
    const { id } = subscription
    const reject = (error: unknown) => links.get(id)?.rejected(fault(error, 'prepare-failed', FAILED))
    authorizations.add(id, authorization$, {
      next(authorization) {
        const error = attempt(() => conversation.subscribe({ ...subscription, authorization }))
        if (error) reject(error)
      },
      error: reject,
    })
  }

  const write: Conversation['send'] = (...message) => {
    try {
      conversation.send(...message)
    } catch (cause) {
      throw fault(cause, 'prepare-failed', FAILED)
    }
  }

  const connection: ReadyConnection = {
    register(link) {
      const id = nextId()
      links.set(id, link)
      return id
    },
    release(id) {
      links.delete(id)
      authorizations.cancel(id)
    },
    subscribe: (subscription) =>
      attempt(() => {
        const authorization$ = authorizeTopic?.(subscription.topic)
        if (authorization$) subscribeAfter(authorization$, subscription)
        else conversation.subscribe(subscription)
      }),
    unsubscribe: (id) => guarded(() => conversation.unsubscribe(id)),
    // The server may state in its greeting whether it takes another token.
    get refresh() {
      return conversation.refresh && ((token: string) => guarded(() => conversation.refresh?.(token)))
    },
    get resends() {
      return conversation.resends ?? false
    },
    unacknowledged: () => unacknowledged.size,
    send(id, data, signal, message) {
      const record = outgoing(message)
      const { key } = record
      if (!conversation.acknowledges) return write(id, data, record)
      return new Promise((resolve, reject) => {
        const forget = () => {
          unacknowledged.delete(key)
          signal?.removeEventListener('abort', forget)
        }
        signal?.addEventListener('abort', forget)
        unacknowledged.set(key, { resolve, reject, forget })
        try {
          write(id, data, record)
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
    get isSettled() {
      return conversation.resends === true || unacknowledged.size === 0
    },
    end() {
      ended = true
      links.clear()
      authorizations.cancelAll()
      const error = conversation.resends ? notConnected() : unknownOutcome()
      for (const { forget, reject } of unacknowledged.values()) {
        forget()
        reject(error)
      }
    },
  }
}

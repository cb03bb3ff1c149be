import { NEVER, Observable, Subject, Subscription, type SchedulerLike } from 'rxjs'
import type { RetryPolicy } from '../connection/backoff.ts'
import type { ReconnectOptions } from '../connection/reconnect.ts'
import type { LinkEvent } from '../events.ts'
import { droppable, type SharedConnection } from '../internal/devtools-hook.ts'
import type { OutgoingMessage } from './conversation.ts'
import { createConverse, type ConversationStart, type Converse } from './converse.ts'
import type { PostFrame } from './frame-poster.ts'
import { presentState } from './present-state.ts'
import { topicPauses, type HiddenLimit, type TopicPauses } from './topic-pauses.ts'
import type { Ready } from './ready-connection.ts'
import { topicLink, type TopicLink } from './topic-link.ts'

export interface SessionOptions {
  /** Keeps the one connection; `converse` reads what a technique receives. */
  readonly link: (
    reader: { readonly retryNow$: Observable<unknown>; readonly signals: TopicPauses['signals'] },
    converse: Converse,
  ) => Observable<LinkEvent>
  /** Posts a frame, if the technique only receives. Undefined: the backend has no POSTs. */
  readonly post: PostFrame | undefined
  readonly policy: RetryPolicy
  /** How long the server may take to greet, to acknowledge a subscription, and to respond to a POST, in ms. */
  readonly subscribeTimeout: number
  readonly scheduler: SchedulerLike
}

/** The reader of a topic: its position, where to report a new one, and when to end a wait. */
export interface TopicReader extends Pick<ReconnectOptions<unknown>, 'position' | 'moved' | 'retryNow$'> {
  /** Decides when a topic that was rejected is subscribed again. @default the session's */
  readonly policy?: RetryPolicy | undefined
  /** How long the topic stays connected in a hidden page. The connection stays as long as one of its topics does. */
  readonly disconnectWhenHidden?: HiddenLimit
}

/** One supervised connection for all topics of one server. */
export interface Session extends SharedConnection {
  /**
   * Reads one topic, as `reconnect` reads one URL. The first topic connects the session, the last one to leave
   * disconnects it.
   */
  topic(topic: string, reader: TopicReader): Observable<LinkEvent>
}

/**
 * Shares one supervised connection among topics. One connection has one backoff, one heartbeat and one hello; each topic
 * has its own subscription, cursor and failures, so that one rejected topic does not affect others.
 */
export function createSession(
  namespace: string,
  conversation: ConversationStart,
  { link, post, policy: sessionPolicy, subscribeTimeout, scheduler }: SessionOptions,
): Session {
  const records = new WeakMap<object, OutgoingMessage>()
  let lastKey = 0
  const topics = new Set<OpenTopic>()
  /** A handler may leave or join topics during a walk. */
  const snapshot = () => [...topics]
  const retryNow$ = new Subject<unknown>()
  const pauses = topicPauses()
  let connection: Subscription | undefined
  let ready: Ready | undefined
  const present = presentState(scheduler)
  let lastId = 0

  /** Returns the record of a message, which is the same on every connection. */
  const outgoing = (message: object): OutgoingMessage => {
    const record = records.get(message) ?? { key: (lastKey += 1) }
    records.set(message, record)
    return record
  }

  const converse = createConverse({
    ...conversation,
    namespace,
    clientId: randomId(),
    post,
    subscribeTimeout,
    scheduler,
    nextId: () => (lastId += 1),
    outgoing,
    ready(connected) {
      ready = connected
      // A topic that joins, or a connection that ends, in a handler of these takes care of itself.
      for (const { link } of snapshot()) if (ready === connected) link.connected(connected)
    },
    resumable: () => snapshot().every(({ link }) => link.resumable),
    disconnected() {
      ready = undefined
      for (const { link } of snapshot()) link.disconnected()
    },
  })

  const supervised = (event: LinkEvent) => {
    if (event.type === 'message' || event.type === 'gap') return
    present.add(event)
    if (event.type === 'open') return
    if (event.type !== 'closed' && event.type !== 'failed') {
      for (const { emit } of snapshot()) emit(event)
      return
    }
    connection = undefined
    // A handler may read a topic again, which begins another connection.
    const ending = snapshot()
    topics.clear()
    for (const { link } of ending) link.end(event)
  }

  const connect = () => {
    const next = (connection = new Subscription())
    const read: Converse =
      process.env.NODE_ENV !== 'production' ? (source, ...of) => converse(droppable(session, source), ...of) : converse
    next.add(link({ retryNow$, signals: pauses.signals }, read).subscribe(supervised))
  }

  const disconnect = () => {
    connection?.unsubscribe()
    connection = undefined
    present.clear()
  }

  const session: Session = {
    get topics() {
      return topics.size
    },
    get unacknowledged() {
      return ready?.unacknowledged() ?? 0
    },
    topic: (topic, { position, moved, policy = sessionPolicy, retryNow$: retry$ = NEVER, disconnectWhenHidden }) =>
      new Observable((subscriber) => {
        const emit = (event: LinkEvent) => subscriber.next(event)
        const link = topicLink({
          topic,
          namespace,
          position,
          moved,
          policy,
          subscribeTimeout,
          scheduler,
          subscriber,
        })
        const open: OpenTopic = { link, emit }
        topics.add(open)
        subscriber.add(pauses.add(disconnectWhenHidden))
        subscriber.add(() => {
          topics.delete(open)
          link.leave()
          if (topics.size === 0) disconnect()
        })
        subscriber.add(
          retry$.subscribe((value) => {
            link.retryNow()
            retryNow$.next(value)
          }),
        )
        if (!connection) return connect()
        emit(present.event)
        if (ready && !subscriber.closed) link.connected(ready)
      }),
  }
  return session
}

/** One topic that is read. */
interface OpenTopic {
  readonly link: TopicLink
  readonly emit: (event: LinkEvent) => void
}

/** Returns 32 random hexadecimal digits. */
const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')

import { NEVER, Observable, Subject, Subscription, type SchedulerLike } from 'rxjs'
import type { RetryPolicy } from '../connection/backoff.ts'
import type { ReconnectOptions } from '../connection/reconnect.ts'
import { PushError } from '../errors.ts'
import { ALIVE, type LinkEvent, type Payload, type SourceAlive, type SourceEvent, type SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { droppable, type SharedConnection } from '../internal/devtools-hook.ts'
import { runAfter } from '../internal/time.ts'
import type { OutgoingMessage, StartConversation } from './conversation.ts'
import { framePoster, type PostFrame } from './frame-poster.ts'
import { presentState } from './present-state.ts'
import { startTalk, type Talk } from './talk.ts'
import { topicPauses, type HiddenLimit, type TopicPauses } from './topic-pauses.ts'
import { topicLink, type Ready, type TopicLink } from './topic-link.ts'

export interface SessionOptions {
  /** Keeps the one connection; `converse` reads what a technique receives. */
  readonly link: (
    reader: { readonly retryNow$: Observable<unknown>; readonly signals: TopicPauses['signals'] },
    converse: Converse,
  ) => Observable<LinkEvent>
  /** Posts a frame, where the technique only receives. Undefined: the backend has no POSTs. */
  readonly post: PostFrame | undefined
  readonly policy: RetryPolicy
  /** How long the server may take to greet, to acknowledge a subscription, and to respond to a POST, in ms. */
  readonly subscribeTimeout: number
  readonly scheduler: SchedulerLike
}

/** Turns what one connection receives into what its supervisor needs: `open` once the hello is done, and signs of life. */
export type Converse = (source: Observable<SourceEvent>, token: string | undefined) => Observable<SourceEvent>

/** What reads a topic: its position, where to report a new one, and when to end a wait. */
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
 * has its own subscription, cursor and failures, so that one rejected topic disturbs no other.
 */
export function createSession(
  namespace: string,
  { start, joinFrames }: ConversationStart,
  { link, post, policy: sessionPolicy, subscribeTimeout, scheduler }: SessionOptions,
): Session {
  const clientId = randomId()
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

  const disconnected = () => {
    ready = undefined
    for (const { link } of snapshot()) link.disconnected()
  }

  /** Returns the record of a message, which is the same on every connection. */
  const outgoing = (message: object): OutgoingMessage => {
    const record = records.get(message) ?? { key: (lastKey += 1) }
    records.set(message, record)
    return record
  }

  const converse: Converse = (source, token) =>
    new Observable((subscriber) => {
      let current = new Subscription()
      let talk: Talk | undefined
      /** What the technique learned of heartbeats before the hello was done. */
      let early: SourceAlive | undefined
      let isOpen = false
      const refuse = (error: unknown) => subscriber.error(error)
      const end = () => {
        isOpen = false
        early = undefined
        current.unsubscribe()
        disconnected()
        talk?.end()
        talk = undefined
      }
      const open = ({ send, technique }: SourceOpen) => {
        // A fallback changes the technique within one attempt: that is another connection to the server.
        end()
        const own = (current = new Subscription())
        const poster =
          !send && post && joinFrames
            ? framePoster({ post, join: joinFrames, timeout: subscribeTimeout, scheduler, fail: refuse })
            : undefined
        const write: ((frame: Payload) => void) | undefined = send ?? poster?.write
        if (!write) return refuse(oneWay(technique))
        own.add(() => poster?.end())
        const deadline = runAfter(subscribeTimeout, scheduler, () => refuse(noHello(subscribeTimeout)))
        own.add(deadline)
        talk = startTalk({
          start,
          credentials: { token, clientId },
          write,
          nextId: () => (lastId += 1),
          outgoing,
          ready(connected, { ping, heartbeat, postQuery = {} }) {
            deadline.unsubscribe()
            poster?.address(postQuery)
            isOpen = true
            subscriber.next({
              type: 'open',
              technique,
              namespace,
              resumed: false,
              ...(ping && { ping: { ...ping, send: () => write(ping.send()) } }),
            })
            if (early) subscriber.next(early)
            if (heartbeat !== undefined) subscriber.next({ type: 'alive', heartbeat })
            const mine = (ready = { ...connected, technique })
            // A topic that joins, or a connection that ends, in a handler of these takes care of itself.
            for (const { link } of snapshot()) if (ready === mine) link.connected(mine)
          },
          alive: () => subscriber.next(ALIVE),
          spread: (time) => subscriber.next({ type: 'spread', time }),
          refuse,
        })
      }
      const alive = ({ heartbeat }: SourceAlive) => {
        const event: SourceAlive = { type: 'alive', heartbeat }
        if (isOpen) subscriber.next(event)
        else if (heartbeat !== undefined) early = event
      }
      const next = (event: SourceEvent) => {
        if (event.type === 'message') return event.error ? refuse(event.error) : talk?.receive(event.data)
        if (event.type === 'retry') return subscriber.next(event)
        if (event.type === 'alive') return alive(event)
        if (event.type === 'open') open(event)
      }
      subscriber.add(end)
      return source.subscribe({
        next,
        error: (error: unknown) => subscriber.error(error),
        complete: () => subscriber.complete(),
      })
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
      process.env.NODE_ENV !== 'production' ? (source, token) => converse(droppable(session, source), token) : converse
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

/** How the conversations of a backend begin. */
export interface ConversationStart {
  readonly start: StartConversation
  /** Joins text frames into one, for techniques that only receive. Undefined: every frame is written by itself. */
  readonly joinFrames?: ((frames: readonly string[]) => string) | undefined
}

/** One topic that is read. */
interface OpenTopic {
  readonly link: TopicLink
  readonly emit: (event: LinkEvent) => void
}

const oneWay = (technique: string) =>
  new PushError('unsupported', DEV && `${technique} cannot carry topics: it only receives. Use webSocket().`, {
    technique,
  })

const noHello = (within: number) =>
  new PushError(
    'connect-timeout',
    DEV && `The server did not greet within ${within} ms. Check the backend, or raise \`connectTimeout\`.`,
  )

/** Returns 32 random hexadecimal digits. */
const randomId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')

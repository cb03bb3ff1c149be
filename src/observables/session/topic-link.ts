import { Subscription, type SchedulerLike, type Subscriber } from 'rxjs'
import type { RetryPolicy } from '../connection/backoff.ts'
import { canResume, continues, initialPosition, type Position } from '../connection/cursor.ts'
import { retryState } from '../connection/retry-state.ts'
import { trackPosition } from '../connection/track-position.ts'
import { PushError } from '../errors.ts'
import type { LinkEvent, SourceEvent, SourceOpen } from '../events.ts'
import { DEV } from '../internal/dev.ts'
import { runAfter, wallTime } from '../internal/time.ts'
import type { Ready, TopicReports } from './ready-connection.ts'
import { mayRenew, renewalAfter, type Renew } from './token-renewal.ts'

export interface TopicLinkOptions {
  readonly topic: string
  readonly namespace: string
  /** Where to begin. @default the present end of the topic */
  readonly position?: Position | undefined
  readonly moved?: ((position: Position) => void) | undefined
  readonly policy: RetryPolicy
  /** How long the server may take to acknowledge a subscription, in ms. */
  readonly subscribeTimeout: number
  readonly scheduler: SchedulerLike
  /** Completes when the topic ended or failed. */
  readonly subscriber: Subscriber<LinkEvent>
}

/** One topic of a session: subscribes it on each connection, and emits what a channel's supervisor emits. */
export interface TopicLink extends TopicReports {
  /** A connection is ready: subscribes. */
  connected(ready: Ready): void
  /** The connection is lost: late frames of it are not for this topic any more. */
  disconnected(): void
  /** Whether another connection would continue without a gap. */
  readonly resumable: boolean
  /** Cuts a wait short. */
  retryNow(): void
  /** Unsubscribes at the server, where it is subscribed. */
  leave(): void
}

type State =
  /** The session has no connection. */
  | { readonly phase: 'disconnected' }
  /** `early`: messages that came before the server acknowledged the subscription. */
  | { readonly phase: 'subscribing'; readonly id: number; readonly early: SourceEvent[]; readonly again: boolean }
  | { readonly phase: 'subscribed'; readonly id: number }
  /** The server rejected the subscription, or did not respond. */
  | { readonly phase: 'waiting' }
  /** The topic ended or failed, or its reader left. */
  | { readonly phase: 'ended' }

export function topicLink({
  topic,
  namespace,
  position = initialPosition(),
  moved = () => {},
  policy,
  subscribeTimeout,
  scheduler,
  subscriber,
}: TopicLinkOptions): TopicLink {
  const failures = retryState(policy, scheduler, (error) => mayRenew(error, renew))
  let connection: Ready | undefined
  let state: State = { phase: 'disconnected' }
  const tracker = trackPosition(position, undefined, moved, subscriber)
  let timer = Subscription.EMPTY
  /** Closed when the topic's reader leaves, or the topic is subscribed again. */
  let following = new Subscription()
  let openedAt: number | undefined
  /** Renews the token of the last subscription. */
  let renew: Renew | undefined
  /** Whether the server did not acknowledge the last subscription on this connection. */
  let unanswered = false

  const enter = (next: State, after?: number, work = () => {}) => {
    timer.unsubscribe()
    if ('id' in state && (!('id' in next) || next.id !== state.id)) connection?.release(state.id)
    state = next
    timer = after === undefined ? Subscription.EMPTY : runAfter(after, scheduler, work)
  }

  const subscribe = (again = false) => {
    if (!connection) return
    if ('id' in state) connection.unsubscribe(state.id)
    const id = connection.register(link)
    openedAt = undefined
    renew = connection.renewal()
    following.unsubscribe()
    tracker.follow((following = new Subscription()), undefined)
    const { value } = tracker.position
    enter({ phase: 'subscribing', id, early: [], again }, subscribeTimeout, () => {
      unanswered = true
      if (!again) return subscribe(true)
      connection?.unsubscribe(id)
      fail(unacknowledged(topic, subscribeTimeout))
    })
    const cursor = canResume(tracker.position) ? value : undefined
    const error = connection.subscribe({ id, topic, cursor, again: unanswered })
    if (error) fail(error)
  }

  const fail = (error: PushError) => {
    const stood = openedAt === undefined ? undefined : scheduler.now() - openedAt
    const next = failures.failed(error, stood)
    if (typeof next !== 'number') return link.end({ type: 'failed', error: next })
    // The topic is subscribed again, even if the renewal fails: a second rejection in a row is final.
    enter({ phase: 'waiting' }, next, () =>
      timer.add(renewalAfter(error, renew).subscribe({ error: retry, complete: retry })),
    )
    const { count: attempt } = failures
    subscriber.next({ type: 'reconnecting', error, attempt, delay: next, retryAt: wallTime(scheduler) + next })
  }

  const retry = () => {
    const waited: State = { phase: 'disconnected' }
    enter(waited)
    subscriber.next({ type: 'connecting', attempt: failures.count })
    // Its reader may have left, and the connection may be another one.
    if (state === waited) subscribe()
  }

  const link: TopicLink = {
    connected(ready) {
      if (state.phase === 'ended') return
      connection = ready
      subscribe()
    },
    disconnected() {
      if (state.phase !== 'ended') enter({ phase: 'disconnected' })
      connection = undefined
      unanswered = false
    },
    receive(event) {
      if (state.phase === 'subscribing') state.early.push(event)
      else if (state.phase === 'subscribed') tracker.next(event, false)
    },
    subscribed({ resumed, cursor }) {
      if (state.phase !== 'subscribing' || !connection) return
      const { id, early } = state
      const { technique, send, resends, renewal } = connection
      renew = renewal(true)
      unanswered = false
      enter({ phase: 'subscribed', id })
      openedAt = scheduler.now()
      const open: SourceOpen = {
        type: 'open',
        technique,
        namespace,
        resumed,
        send: (data, signal, message = {}) => send(id, data, signal, message),
        sendsInOrder: resends,
      }
      tracker.next(open, false)
      // Messages up to the topic's place may be still to come, where the server resumes.
      if (cursor !== undefined && !resumed) tracker.next({ type: 'alive', cursor }, false)
      for (const event of early) tracker.next(event, false)
    },
    rejected(error) {
      unanswered = false
      if ('id' in state) fail(error)
    },
    end(event) {
      if (state.phase === 'ended') return
      enter({ phase: 'ended' })
      tracker.end(event.type === 'failed')
      subscriber.next(event)
      subscriber.complete()
    },
    get resumable() {
      return continues(tracker.position)
    },
    retryNow() {
      if (state.phase === 'waiting') retry()
    },
    leave() {
      if ('id' in state) connection?.unsubscribe(state.id)
      enter({ phase: 'ended' })
      following.unsubscribe()
      connection = undefined
    },
  }
  return link
}

const unacknowledged = (topic: string, within: number) =>
  new PushError(
    'connect-timeout',
    DEV &&
      `Topic "${topic}" was not subscribed: the server did not respond within ${within} ms, twice. Check the topic's name and the server's log, or raise \`connectTimeout\`.`,
  )

import { NEVER, Subscription, defer, merge, take, type Observable, type SchedulerLike, type Subscriber } from 'rxjs'
import { connectOnce, type ConnectOptions } from './connect-once.ts'
import { cursorLost } from './continuity.ts'
import { canResume } from './cursor.ts'
import { PushError, fault } from '../errors.ts'
import { RECYCLE, type LinkEvent, type SourceEvent } from '../events.ts'
import type { RetryPolicy } from './backoff.ts'
import { CONNECT_TIMEOUT, DEFAULT_HEARTBEAT } from './heartbeat-monitor.ts'
import type { LifecycleSignals } from './lifecycle.ts'
import { retryState } from './retry-state.ts'
import type { PositionTracker } from './track-position.ts'
import { cursorToAskFrom, cursorToRepeat, type Continuity } from './verify-continuity.ts'
import { rejectedCursor } from './without-cursor.ts'
import { DEV } from '../internal/dev.ts'
import { firstWithin, hostScheduler, runAfter, wallTime } from '../internal/time.ts'

export interface SuperviseOptions<P> extends ConnectOptions<P> {
  /** Prepares every attempt, for example by a request for a token. It may take up to 30 s. */
  prepare: (attempt: number) => Observable<P>
  /** Whether `prepareRequest` may return something else after a rejection (401, 403 ...); otherwise another call cannot help. @default true */
  prepares?: boolean
  policy: RetryPolicy
  /** Whether a request that was sent is not sent again after a failure. @default false */
  sendsOnce?: boolean | undefined
  /** For a server that does not report gaps by itself. */
  continuity?: Continuity | undefined
  /** Ends a wait. */
  retryNow$?: Observable<unknown>
  /** Called with every failure, before the next attempt is prepared. `stood`: the connection was open first. */
  failed?: ((error: PushError, stood: boolean) => void) | undefined
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
}

/** A connection that follows this soon after the last byte of an unbroken one needs no proof of continuity. In ms. */
const AT_ONCE = 1_000

/** A server that opens late is given more time after each attempt that took too long, up to this, in ms. */
const LONGEST_OPENING = 60_000

/** How long `prepareRequest` may take, in ms. */
const PREPARE_WITHIN = 30_000

interface Session<P> extends SuperviseOptions<P> {
  tracker: PositionTracker
  signals: LifecycleSignals
  subscriber: Subscriber<LinkEvent>
  /** Its end ends every connection, attempt and wait. */
  session: Subscription
  /** Fails the channel. */
  fail: (cause: unknown) => void
}

/** Connects, waits after each failure, and connects again, until the session or the channel ends. */
export function supervise<P>(options: Session<P>): void {
  const {
    prepare,
    prepares = true,
    sendsOnce = false,
    policy,
    promised,
    continuity,
    retryNow$ = NEVER,
    failed,
    scheduler = hostScheduler,
    connectTimeout: firstOpening = CONNECT_TIMEOUT,
    heartbeatInterval = DEFAULT_HEARTBEAT,
    tracker,
    signals: { wake$ = NEVER, minDelay, pollRate },
    subscriber,
    session,
    fail,
  } = options
  const failures = retryState(policy, scheduler, () => prepares, { minDelay, isSentOnce: () => requested && sendsOnce })
  let phase: 'connecting' | 'open' | 'waiting' = 'connecting'
  let receivedAt = 0
  let openedAt: number | undefined
  /** An `unconfirmed` open brought nothing, and nothing came since: another one is not shown as open. */
  let unheard = false
  /** Whether the last attempt made a request. */
  let requested = false
  let current = new Subscription()
  let connectTimeout = firstOpening

  /** Ends the present attempt or wait; the next one lives in the returned subscription. */
  const replace = () => {
    current.unsubscribe()
    session.add((current = new Subscription()))
    return current
  }
  const openFor = () => (openedAt === undefined ? undefined : scheduler.now() - openedAt)

  const fresh = () => prepare(failures.count).pipe(firstWithin(PREPARE_WITHIN, scheduler, unprepared), take(1))
  const connection = (prepared: P, from: string | undefined) =>
    connectOnce({ ...options, scheduler, connectTimeout, prepare: fresh, pollRate }, prepared, from)

  const attempt = (own: Subscription, unbroken = false) => {
    const expected = unbroken ? undefined : cursorToRepeat(tracker.position, continuity)
    const from = cursorToAskFrom(tracker.position, expected, continuity)
    requested = false
    let unconfirmed = false
    openedAt = undefined
    tracker.follow(own, expected)

    const next = (event: SourceEvent) => {
      receivedAt = scheduler.now()
      if (event.type === 'retry') return failures.requested(event)
      unconfirmed = event.type === 'open' && event.unconfirmed === true
      if (!unconfirmed) {
        openedAt ??= receivedAt
        unheard = false
      }
      if (event.type === 'open') phase = event.type
      tracker.next(event, unheard)
      if (event.type === 'open' && tracker.expectsRepeat()) own.add(runAfter(connectTimeout, scheduler, giveUpCursor))
    }
    const giveUpCursor = () => {
      if (tracker.expectsRepeat())
        lose(new PushError('cursor-lost', DEV && 'The last message did not come again: the server does not know it.'))
    }
    const lose = (cause: unknown) => {
      if (cause === RECYCLE) return attempt(replace(), scheduler.now() - receivedAt < AT_ONCE)
      const broken = fault(cause)
      const error = rejectedCursor(broken, tracker.position)
      unheard ||= unconfirmed && scheduler.now() - receivedAt >= (promised ?? heartbeatInterval)
      connectTimeout = openingTime(error, firstOpening, connectTimeout)
      const stood = openFor()
      const delay = failures.failed(error, stood)
      failed?.(error, stood !== undefined && stood >= policy.resetAfter)
      if (error.code === 'cursor-lost') tracker.update(cursorLost(tracker.position, error !== broken))
      if (typeof delay === 'number') wait(error, delay)
      else fail(delay)
    }
    const end = () => {
      tracker.end(false)
      subscriber.next({ type: 'closed', by: 'server' })
      subscriber.complete()
    }
    const prepared = (request: P) => {
      if (own.closed) return
      requested = true
      own.add(defer(() => connection(request, from)).subscribe({ next, error: lose, complete: end }))
    }
    own.add(fresh().subscribe({ next: prepared, error: lose }))
  }

  const begin = () => {
    const own = replace()
    phase = 'connecting'
    subscriber.next({ type: phase, attempt: failures.count })
    if (!own.closed) attempt(own)
  }

  const wait = (error: PushError, delay: number) => {
    const own = replace()
    phase = 'waiting'
    const retryAt = wallTime(scheduler) + delay
    subscriber.next({ type: 'reconnecting', error, attempt: failures.count, delay, retryAt })
    own.add(runAfter(delay, scheduler, begin))
  }

  const retryNow = () => {
    if (phase === 'waiting') begin()
  }
  const wake = () => {
    if (phase === 'open') {
      // A connection without a cursor may be alive, and the messages on their way would be lost with it.
      if (!canResume(tracker.position)) return
      failures.succeeded(openFor())
    }
    begin()
  }

  session.add(wake$.subscribe({ next: wake, error: fail }))
  session.add(merge(retryNow$, pollRate?.pollNow$ ?? NEVER).subscribe({ next: retryNow, error: fail }))
  begin()
}

/** Returns how long the attempt after an error may take to open, in ms. */
const openingTime = ({ code }: PushError, first: number, last: number): number =>
  code === 'connect-timeout' ? Math.max(first, Math.min(LONGEST_OPENING, last * 2)) : first

const unprepared = () =>
  new PushError('prepare-failed', DEV && `prepareRequest gave nothing within ${PREPARE_WITHIN} ms`)

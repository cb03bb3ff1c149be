import { NEVER, Subscription, defer, merge, take, type Observable, type SchedulerLike, type Subscriber } from 'rxjs'
import { cursorLost } from './continuity.ts'
import { canResume, type Cursor } from './cursor.ts'
import { PushError, fault } from '../errors.ts'
import { RECYCLE, type LinkEvent, type SourceEvent } from '../events.ts'
import type { PollRate, Watch } from '../techniques/technique.ts'
import type { RetryPolicy } from './backoff.ts'
import { CONNECT_TIMEOUT, DEFAULT_HEARTBEAT, monitorHeartbeat, type HeartbeatOptions } from './heartbeat-monitor.ts'
import type { LifecycleSignals } from './lifecycle.ts'
import { retryState } from './retry-state.ts'
import { renewalTime } from './token-expiry.ts'
import type { PositionTracker } from './track-position.ts'
import type { Continuity } from './verify-continuity.ts'
import { orWithoutCursor, refusedCursor } from './without-cursor.ts'
import { DEV } from '../internal/dev.ts'
import { firstWithin, hostScheduler, runAfter, wallTime } from '../internal/time.ts'

/** What a connection may need of its supervisor. */
export interface Supervision<P> {
  /** Ends a connection that gives no sign of life. */
  readonly watch: Watch
  /** Calls `prepareRequest` again: for one more connection in the same attempt. */
  readonly prepare: () => Observable<P>
  /** No request may carry a cursor, because the server did not respond to those that did. */
  readonly withoutCursor: boolean
  readonly pollRate: PollRate | undefined
}

export interface SuperviseOptions<P> extends HeartbeatOptions {
  /** One connection attempt, from a cursor, with what `prepareRequest` returned. */
  connect: (cursor: Cursor | undefined, prepared: P, supervision: Supervision<P>) => Observable<SourceEvent>
  /** Whether `connect` watches its connections itself, by its `supervision`. @default false: they are watched here */
  managesLiveness?: boolean
  /** Runs before every attempt and may take its time: a fresh token, say. */
  prepare: (attempt: number) => Observable<P>
  /** Whether `prepareRequest` may return something else after a rejection (401, 403 ...); otherwise another call cannot help. @default true */
  prepares?: boolean
  /**
   * When what was prepared expires, in ms since the epoch, by the wall clock. Before that, a connection with a cursor is
   * recycled; one that `managesLiveness` recycles itself.
   */
  expiresAt?: ((prepared: P) => number | undefined) | undefined
  policy: RetryPolicy
  /** The heartbeat agreed on with the server, in ms. */
  promised?: number | undefined
  /** For a server that does not report gaps by itself. */
  continuity?: Continuity | undefined
  /** Ends a wait. */
  retryNow$?: Observable<unknown>
  /** Called with every failure, before the next attempt is prepared. `stood`: the connection was a success first. */
  failed?: ((error: PushError, stood: boolean) => void) | undefined
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
}

/** A connection that follows this soon after the last byte of an unbroken one needs no proof of continuity. In ms. */
const AT_ONCE = 1_000

/** A server that opens late is given more time after each attempt that took too long, up to this, in ms. */
const LONGEST_OPENING = 60_000

/** `prepareRequest` may ask a slow server for a token, but not for ever. In ms. */
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
export function supervise<P>({
  connect,
  managesLiveness = false,
  prepare,
  prepares = true,
  expiresAt,
  policy,
  promised,
  continuity,
  retryNow$ = NEVER,
  failed,
  scheduler = hostScheduler,
  connectTimeout: firstOpening = CONNECT_TIMEOUT,
  tracker,
  signals: { wake$ = NEVER, minDelay, pollRate },
  subscriber,
  session,
  fail,
  ...others
}: Session<P>): void {
  const failures = retryState(policy, scheduler, prepares, minDelay)
  let phase: 'connecting' | 'open' | 'waiting' = 'connecting'
  let receivedAt = 0
  let openedAt: number | undefined
  /** An `unconfirmed` open brought nothing, and nothing came since: another one is not shown as open. */
  let unheard = false
  let current = new Subscription()
  let limits = { ...others, connectTimeout: firstOpening }

  const resumable = () => canResume(tracker.position)
  // A server that may ignore the cursor would lose and repeat messages with every rotation, unseen.
  const rotatable = () => resumable() && !tracker.position.recent
  const alive = { promised, resumable, rotatable, scheduler }
  const watch: Watch = (own) => monitorHeartbeat({ ...limits, ...own, ...alive })

  /** Ends the present attempt or wait; the next one lives in the returned subscription. */
  const replace = () => {
    current.unsubscribe()
    session.add((current = new Subscription()))
    return current
  }
  const openFor = () => (openedAt === undefined ? undefined : scheduler.now() - openedAt)

  const fresh = () => prepare(failures.count).pipe(firstWithin(PREPARE_WITHIN, scheduler, unprepared), take(1))
  const connection = (prepared: P, from: string | undefined): Observable<SourceEvent> => {
    const connectFrom = (value: string | undefined) => {
      const { namespace, withheld: withoutCursor = false } = tracker.position
      const cursor = value === undefined ? undefined : { namespace, value }
      const connected = connect(cursor, prepared, { watch, prepare: fresh, withoutCursor, pollRate })
      if (managesLiveness) return connected
      const until = renewalTime(expiresAt?.(prepared), scheduler)
      return connected.pipe(monitorHeartbeat({ ...limits, ...alive, until }))
    }
    return orWithoutCursor(from, tracker.position, connectFrom, (known) =>
      tracker.update({ ...tracker.position, ...known }),
    )
  }

  const attempt = (own: Subscription, unbroken = false) => {
    const { value, withheld, reportsGaps } = tracker.position
    const isVerified = continuity && value !== undefined && !withheld && !unbroken && !reportsGaps
    const from = isVerified ? continuity.before(value) : value
    let unconfirmed = false
    let isVerifying = false
    openedAt = undefined
    tracker.follow(own, isVerified ? value : undefined)

    const next = (event: SourceEvent) => {
      receivedAt = scheduler.now()
      if (event.type === 'retry') return failures.waitAtLeast(event.delay)
      unconfirmed = event.type === 'open' && event.unconfirmed === true
      if (!unconfirmed) {
        openedAt ??= receivedAt
        unheard = false
      }
      if (event.type === 'open') phase = event.type
      tracker.next(event, unheard)
      if (event.type === 'open' && !isVerifying && tracker.expectsRepeat) {
        isVerifying = true
        own.add(runAfter(limits.connectTimeout, scheduler, giveUpCursor))
      }
    }
    const giveUpCursor = () => {
      if (tracker.expectsRepeat)
        lose(new PushError('cursor-lost', DEV && 'The last message did not come again: the server does not know it.'))
    }
    const lose = (cause: unknown) => {
      if (cause === RECYCLE) return attempt(replace(), scheduler.now() - receivedAt < AT_ONCE)
      const broken = fault(cause)
      const refused = refusedCursor(broken, tracker.position)
      const error = refused ?? broken
      unheard ||=
        unconfirmed && scheduler.now() - receivedAt >= (promised ?? others.heartbeatInterval ?? DEFAULT_HEARTBEAT)
      const late = Math.max(firstOpening, Math.min(LONGEST_OPENING, limits.connectTimeout * 2))
      limits = { ...limits, connectTimeout: error.code === 'connect-timeout' ? late : firstOpening }
      const stood = openFor()
      const delay = failures.failed(error, stood)
      failed?.(error, stood !== undefined && stood >= policy.resetAfter)
      if (error.code === 'cursor-lost') {
        const { passed = false } = tracker.position
        const known = refused ? { ...tracker.position, withheld: !passed } : tracker.position
        tracker.update(cursorLost(known, refused ? 'not-resumed' : 'history-expired'))
      }
      if (typeof delay === 'number') wait(error, delay)
      else fail(delay)
    }
    const end = () => {
      tracker.end(false)
      subscriber.next({ type: 'closed', by: 'server' })
      subscriber.complete()
    }
    const prepared = (request: P) => {
      if (!own.closed) own.add(defer(() => connection(request, from)).subscribe({ next, error: lose, complete: end }))
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
    if (!own.closed) own.add(runAfter(delay, scheduler, begin))
  }

  const retryNow = () => {
    if (phase === 'waiting') begin()
  }
  const wake = () => {
    if (phase === 'open') {
      // A connection without a cursor may be alive, and the messages on their way would be lost with it.
      if (!resumable()) return
      failures.succeeded(openFor())
    }
    begin()
  }

  session.add(wake$.subscribe({ next: wake, error: fail }))
  session.add(merge(retryNow$, pollRate?.pollNow$ ?? NEVER).subscribe({ next: retryNow, error: fail }))
  begin()
}

const unprepared = () =>
  new PushError('prepare-failed', DEV && `prepareRequest gave nothing within ${PREPARE_WITHIN} ms`)

import { NEVER, Observable, Subscription, identity, merge, switchMap, take, type SchedulerLike } from 'rxjs'
import { canResume, initialPosition, type Cursor, type Position } from './cursor.ts'
import { PushError, fault } from '../errors.ts'
import { RECYCLE, type PushEvent, type SourceEvent, type SourceMessage, type SourceOpen } from '../events.ts'
import type { Watch } from '../techniques/technique.ts'
import type { RetryPolicy } from './backoff.ts'
import type { Follows } from './detect-skipped.ts'
import { DEFAULT_HEARTBEAT, monitorHeartbeat, type HeartbeatOptions } from './heartbeat-monitor.ts'
import type { Proof, Prove } from './verify-resume.ts'
import { renewalTime } from './token-expiry.ts'
import { retryState } from './retry-state.ts'
import { trackPosition } from './track-position.ts'
import { orCursorLost, orWithoutCursor } from './without-cursor.ts'
import { DEV } from '../internal/dev.ts'
import { after, firstWithin, hostScheduler, wallTime } from '../internal/time.ts'

/** What the supervisor says: a channel's events, with messages and `open` as the technique said them. */
export type LinkEvent =
  | Extract<PushEvent<never>, { type: 'connecting' | 'gap' | 'reconnecting' | 'closed' | 'failed' }>
  | SourceMessage
  /** `unheard`: the line is not to be shown as open before something is received, but what is sent may try it. */
  | (SourceOpen & { readonly unheard?: true })

/** What a channel is to its supervisor. */
export interface Supervised {
  readonly url: string
  /** The channel's own option. */
  readonly disconnectWhenHidden?: number | false | undefined
}

/** Keeps one channel connected: `reconnect`, or what stands around it and says `idle` where it pauses. */
export type Lifecycle = <P extends object>(
  options: ReconnectOptions<P>,
  channel: Supervised,
) => Observable<LinkEvent | Extract<PushEvent<never>, { type: 'idle' }>>

/** What a connection may need of its supervisor. */
export interface Supervision<P> {
  /** Ends a connection that gives no sign of life. */
  readonly watch: Watch
  /** What `prepareRequest` gives now: for one more connection in the same attempt. */
  readonly prepare: () => Observable<P>
  /** No request may carry a cursor: those that did were not answered. */
  readonly withoutCursor: boolean
}

export interface ReconnectOptions<P> extends HeartbeatOptions {
  /** One connection attempt, from a cursor, with what `prepareRequest` gave. */
  connect: (cursor: Cursor | undefined, prepared: P, supervision: Supervision<P>) => Observable<SourceEvent>
  /** Whether `connect` watches over what it connects, by its `supervision`. @default false: it is watched here */
  managesLiveness?: boolean
  /** Runs before every attempt and may take its time: a fresh token, say. */
  prepare: (attempt: number) => Observable<P>
  /** Whether `prepareRequest` may give something else after a refusal (401, 403 ...); otherwise asking again cannot help. @default true */
  prepares?: boolean
  /**
   * When what was prepared is of no use any more, in ms since the epoch, by the wall clock: before that, what has a cursor
   * is made anew from there. What `managesLiveness` sees to it.
   */
  expiresAt?: ((prepared: P) => number | undefined) | undefined
  policy: RetryPolicy
  /** The heartbeat agreed on with the server, in ms. */
  promised?: number | undefined
  /** What is remembered from connection to connection; a caller that keeps it can go on from there later. */
  position?: Position
  /** Proves that nothing fell between, for servers that do not say by themselves that messages are gone. */
  prove?: Prove | undefined
  /** Finds out messages that such a server skips. */
  follows?: Follows | undefined
  /** Cuts a wait short. */
  retryNow$?: Observable<unknown>
  /** Told of every failure, before the next attempt is prepared. `stood`: the connection was a success first. */
  failed?: ((error: PushError, stood: boolean) => void) | undefined
  /** @default the host's timers, and a monotonic clock */
  scheduler?: SchedulerLike
}

/** A connection that is made anew this soon after the last byte, unbroken, needs no proof that nothing fell between. In ms. */
const AT_ONCE = 1_000

/** A server that opens late is given more time after each attempt that took too long, up to this, in ms. */
const LONGEST_OPENING = 60_000

/** `prepareRequest` may ask a slow server for a token, but not for ever. In ms. */
const PREPARE_WITHIN = 30_000

/**
 * Keeps a channel connected: the only supervisor. It connects, remembers the cursor, waits as the policy says and
 * connects again from there. What the server asks for (`Retry-After`, SSE `retry:`) is the least it waits, and the
 * policy's delay is added, so that those who were asked together do not come together. The backoff begins anew only after
 * a connection stood for the policy's `resetAfter`, never because one message came. A refusal of who asks (401, 403 and
 * their like) is answered once, at once, by a request that `prepareRequest` made anew.
 *
 * It never errors. It says `gap` where continuity cannot be proved, and completes after `closed` (the channel ended)
 * or `failed` (trying again cannot help, or the policy gave up).
 *
 * @example
 * reconnect({ prepare: () => of(null), connect: (cursor) => sse().connect({ ...request, cursor }), policy: backoff() })
 */
export function reconnect<P>({
  connect,
  managesLiveness = false,
  prepare,
  prepares = true,
  expiresAt,
  policy,
  promised,
  position: place = initialPosition(),
  prove,
  follows,
  retryNow$ = NEVER,
  failed,
  scheduler = hostScheduler,
  connectTimeout: firstOpening = 5_000,
  ...others
}: ReconnectOptions<P>): Observable<LinkEvent> {
  return new Observable((subscriber) => {
    const failures = retryState(policy, scheduler, prepares)
    let seenAt = 0
    /** What was open and `unconfirmed` brought nothing, and nothing came since: to presume it again would show a dead line as open. */
    let unheard = false
    let current = new Subscription()
    let limits = { ...others, connectTimeout: firstOpening }

    const resumable = () => canResume(place)
    // A server that may ignore the cursor would lose and repeat messages with every rotation, unseen.
    const rotatable = () => resumable() && !place.recent
    const alive = { promised, resumable, rotatable, scheduler }
    const watch: Watch = (own) => monitorHeartbeat({ ...limits, ...own, ...alive })

    const fresh = () => prepare(failures.count).pipe(firstWithin(PREPARE_WITHIN, scheduler, unprepared), take(1))
    const connection = (prepared: P, from: string | undefined) =>
      orWithoutCursor(from, place, (value) => {
        const { namespace, withheld: withoutCursor = false } = place
        const cursor = value === undefined ? undefined : { namespace, value }
        const connected = connect(cursor, prepared, { watch, prepare: fresh, withoutCursor })
        if (managesLiveness) return connected
        return connected.pipe(
          monitorHeartbeat({ ...limits, ...alive, until: renewalTime(expiresAt?.(prepared), scheduler) }),
        )
      })
    /** Where to go on from, and what proves that nothing fell between. */
    const resumption = (unbroken: boolean): Partial<Proof> & Pick<Proof, 'proof'> => {
      const { value, reportsGaps, withheld } = place
      if (value === undefined || withheld || unbroken || reportsGaps || !prove) return { from: value, proof: identity }
      return prove(value, { within: limits.connectTimeout, atBeginning: place.atBeginning ?? false, scheduler })
    }

    const replace = (start: () => Subscription) => {
      current.unsubscribe()
      // Held before it starts, because what starts may end, and be replaced, at once.
      const next = (current = new Subscription())
      next.add(start())
    }

    const attempt = (unbroken = false) => {
      const { from, proof } = resumption(unbroken)
      let openedAt: number | undefined
      let unconfirmed = false
      const position = trackPosition(place, (event) => subscriber.next(event))

      const next = (event: SourceEvent) => {
        seenAt = scheduler.now()
        if (event.type === 'retry') return failures.ask(event.delay)
        if (event.type !== 'open' || !event.unconfirmed) {
          openedAt ??= seenAt
          unheard = unconfirmed = false
        } else {
          unconfirmed = true
          if (unheard) return subscriber.next({ ...event, unheard })
        }
        position.next(event)
      }
      const finish = (event: LinkEvent) => {
        position.end(event.type === 'failed')
        subscriber.next(event)
        subscriber.complete()
      }
      const lose = (cause: unknown) => {
        if (cause === RECYCLE) return attempt(scheduler.now() - seenAt < AT_ONCE)
        const error = orCursorLost(fault(cause), place)
        unheard ||=
          unconfirmed && scheduler.now() - seenAt >= (promised ?? others.heartbeatInterval ?? DEFAULT_HEARTBEAT)
        const late = Math.max(firstOpening, Math.min(LONGEST_OPENING, limits.connectTimeout * 2))
        limits = { ...limits, connectTimeout: error.code === 'connect-timeout' ? late : firstOpening }
        const stood = openedAt === undefined ? undefined : scheduler.now() - openedAt
        const next = failures.after(error, stood)
        failed?.(error, stood !== undefined && stood >= policy.resetAfter)
        if (error.code === 'cursor-lost') {
          place.value = undefined
          place.owed ??= 'history-expired'
        }
        if (typeof next === 'number') wait(error, next)
        else finish({ type: 'failed', error: next })
      }

      replace(() =>
        fresh()
          .pipe(
            switchMap((prepared) => connection(prepared, from)),
            proof,
            follows && !place.reportsGaps ? follows(place.value) : identity,
          )
          .subscribe({
            next,
            error: lose,
            complete: () => finish({ type: 'closed', by: 'server' }),
          }),
      )
    }

    const begin = () => {
      subscriber.next({ type: 'connecting', attempt: failures.count })
      if (!subscriber.closed) attempt()
    }

    const wait = (error: PushError, delay: number) => {
      subscriber.next({
        type: 'reconnecting',
        error,
        attempt: failures.count,
        delay,
        retryAt: wallTime(scheduler) + delay,
      })
      if (subscriber.closed) return
      replace(() => merge(after(delay, scheduler), retryNow$).pipe(take(1)).subscribe(begin))
    }

    begin()
    return () => current.unsubscribe()
  })
}

const unprepared = () =>
  new PushError('prepare-failed', DEV && `prepareRequest gave nothing within ${PREPARE_WITHIN} ms`)

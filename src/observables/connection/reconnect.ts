import { NEVER, Observable, Subscription, identity, merge, switchMap, take, type SchedulerLike } from 'rxjs'
import { canResume, nowhere, type Cursor, type Place } from './cursor.ts'
import { PushError, fault } from '../errors.ts'
import { ROTATE, type PushEvent, type SourceEvent, type SourceMessage, type SourceOpen } from '../events.ts'
import type { Watch } from '../techniques/technique.ts'
import type { RetryPolicy } from './backoff.ts'
import type { Follows } from './detect-skipped.ts'
import { liveness, type LivenessOptions } from './heartbeat-monitor.ts'
import type { Proof, Prove } from './verify-resume.ts'
import { renewal } from './token-expiry.ts'
import { setbacks } from './retry-state.ts'
import { trackPosition } from './track-position.ts'
import { orCursorLost, orWithoutCursor } from './without-cursor.ts'
import { DEV } from '../internal/dev.ts'
import { after, firstWithin, hostScheduler, wallTime } from '../internal/time.ts'

/** What the supervisor says: a channel's events, with messages and `open` as the technique said them. */
export type LinkEvent =
  | Extract<PushEvent<never>, { type: 'connecting' | 'gap' | 'waiting' | 'closed' | 'failed' }>
  | SourceMessage
  /** `unheard`: the line is not to be shown as open before something is received, but what is sent may try it. */
  | (SourceOpen & { readonly unheard?: true })

/** What a channel is to its supervisor. */
export interface Supervised {
  readonly url: string
  /** The channel's own `hidden`. */
  readonly hidden?: number | 'keep' | undefined
}

/** Keeps one channel connected: `reconnect`, or what stands around it and says `idle` where it pauses. */
export type Supervisor = <P extends object>(
  options: ReconnectOptions<P>,
  channel: Supervised,
) => Observable<LinkEvent | Extract<PushEvent<never>, { type: 'idle' }>>

/** What a connection may need of its supervisor. */
export interface Supervision<P> {
  /** Ends a connection that gives no sign of life. */
  readonly watch: Watch
  /** What `prepare` gives now: for one more connection in the same attempt. */
  readonly prepare: () => Observable<P>
  /** No request may carry a cursor: those that did were not answered. */
  readonly withoutCursor: boolean
}

export interface ReconnectOptions<P> extends LivenessOptions {
  /** One connection attempt, from a cursor, with what `prepare` gave. */
  connect: (cursor: Cursor | undefined, prepared: P, supervision: Supervision<P>) => Observable<SourceEvent>
  /** Whether `connect` watches over what it connects, by its `supervision`. @default false: it is watched here */
  watches?: boolean
  /** Runs before every attempt and may take its time: a fresh token, say. */
  prepare: (attempt: number) => Observable<P>
  /** Whether `prepare` may give something else after a refusal (401, 403 ...); otherwise asking again cannot help. @default true */
  prepares?: boolean
  /**
   * When what was prepared is of no use any more, in ms since the epoch, by the wall clock: before that, what has a cursor is made anew from
   * there. What `watches` by itself sees to it.
   */
  expires?: ((prepared: P) => number | undefined) | undefined
  policy: RetryPolicy
  /** The heartbeat agreed on with the server, in ms. */
  promised?: number | undefined
  /** What is remembered from connection to connection; a caller that keeps it can go on from there later. */
  place?: Place
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

/** `prepare` may ask a slow server for a token, but not for ever. In ms. */
const PREPARE_WITHIN = 30_000

/**
 * Keeps a channel connected: the only supervisor. It connects, remembers the cursor, waits as the policy says and
 * connects again from there. What the server asks for (`Retry-After`, SSE `retry:`) is the least it waits, and the
 * policy's delay is added, so that those who were asked together do not come together. The backoff begins anew only after
 * a connection stood for the policy's `resetAfter`, never because one message came. A refusal of who asks (401, 403 and
 * their like) is answered once, at once, by a request that `prepare` made anew.
 *
 * It never errors. It says `gap` where continuity cannot be proved, and completes after `closed` (the channel ended)
 * or `failed` (trying again cannot help, or the policy gave up).
 *
 * @example
 * reconnect({ prepare: () => of(null), connect: (cursor) => sse().connect({ ...request, cursor }), policy: backoff() })
 */
export function reconnect<P>({
  connect,
  watches = false,
  prepare,
  prepares = true,
  expires,
  policy,
  promised,
  place = nowhere(),
  prove,
  follows,
  retryNow$ = NEVER,
  failed,
  scheduler = hostScheduler,
  openWithin: firstOpening = 5_000,
  ...others
}: ReconnectOptions<P>): Observable<LinkEvent> {
  return new Observable((subscriber) => {
    const failures = setbacks(policy, scheduler, prepares)
    let seenAt = 0
    /** What was only presumed open brought nothing, and nothing came since: presuming it again would show a dead line as open. */
    let unheard = false
    let current = new Subscription()
    let limits = { ...others, openWithin: firstOpening }

    const resumable = () => !place.untaken && canResume(place)
    // A server that may ignore the cursor would lose and repeat messages with every rotation, unseen.
    const rotatable = () => resumable() && !place.recent
    const alive = { promised, resumable, rotatable, scheduler }
    const watch: Watch = (own) => liveness({ ...limits, ...own, ...alive })

    const fresh = () => prepare(failures.count).pipe(firstWithin(PREPARE_WITHIN, scheduler, unprepared), take(1))
    const connection = (prepared: P, from: string | undefined) =>
      orWithoutCursor(from, place, (value) => {
        const { space, withheld: withoutCursor = false } = place
        const cursor = value === undefined ? undefined : { space, value }
        const connected = connect(cursor, prepared, { watch, prepare: fresh, withoutCursor })
        if (watches) return connected
        return connected.pipe(liveness({ ...limits, ...alive, until: renewal(expires?.(prepared), scheduler) }))
      })
    /** Where to go on from, and what proves that nothing fell between. */
    const resumption = (unbroken: boolean): Partial<Proof> & Pick<Proof, 'proof'> => {
      const { value, tellsGaps, withheld } = place
      if (value === undefined || withheld || unbroken || tellsGaps || !prove) return { from: value, proof: identity }
      return prove(value, { within: limits.openWithin, scheduler })
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
      let presumed = false
      const position = trackPosition(place, (event) => subscriber.next(event))

      const next = (event: SourceEvent) => {
        seenAt = scheduler.now()
        if (event.type === 'retry') return failures.ask(event.delay)
        if (event.type !== 'open' || !event.presumed) {
          openedAt ??= seenAt
          unheard = presumed = false
        } else {
          presumed = true
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
        if (cause === ROTATE) return attempt(scheduler.now() - seenAt < AT_ONCE)
        const error = orCursorLost(fault(cause), place)
        unheard ||= presumed && /^(silent|timeout)$/.test(error.code)
        const late = Math.max(firstOpening, Math.min(LONGEST_OPENING, limits.openWithin * 2))
        limits = { ...limits, openWithin: error.code === 'timeout' ? late : firstOpening }
        const stood = openedAt === undefined ? undefined : scheduler.now() - openedAt
        const next = failures.after(error, stood)
        failed?.(error, stood !== undefined && stood >= policy.resetAfter)
        if (error.code === 'cursor-lost') {
          place.value = undefined
          place.owed ??= 'expired'
        }
        if (typeof next === 'number') wait(error, next)
        else finish({ type: 'failed', error: next })
      }

      replace(() =>
        fresh()
          .pipe(
            switchMap((prepared) => connection(prepared, from)),
            proof,
            follows && !place.tellsGaps ? follows(place.value) : identity,
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
      subscriber.next({ type: 'waiting', error, attempt: failures.count, delay, retryAt: wallTime(scheduler) + delay })
      if (subscriber.closed) return
      replace(() => merge(after(delay, scheduler), retryNow$).pipe(take(1)).subscribe(begin))
    }

    begin()
    return () => current.unsubscribe()
  })
}

const unprepared = () => new PushError('prepare-failed', DEV && `prepare gave nothing within ${PREPARE_WITHIN} ms`)

import {
  NEVER,
  Observable,
  Subscription,
  asyncScheduler,
  identity,
  merge,
  switchMap,
  take,
  throwError,
  timeout,
  timer,
  type SchedulerLike,
} from 'rxjs'
import { nowhere, type Cursor, type Place } from '../cursor.ts'
import { PushError, asPushError } from '../errors.ts'
import {
  ROTATE,
  type PushEvent,
  type SourceAlive,
  type SourceEvent,
  type SourceMessage,
  type SourceOpen,
} from '../event.ts'
import type { Watch } from '../technique.ts'
import type { RetryPolicy } from './backoff.ts'
import { chain, type Follows } from './chain.ts'
import { liveness, type LivenessOptions } from './liveness.ts'
import type { Proof, Prove } from './overlap.ts'
import { renewal } from './renewal.ts'
import { setbacks } from './setbacks.ts'
import { DEV } from '../dev.ts'

/** What the supervisor says: a channel's events, with messages and `open` as the technique said them. */
export type LinkEvent =
  | Extract<PushEvent<never>, { type: 'connecting' | 'gap' | 'waiting' | 'closed' | 'failed' }>
  | SourceMessage
  | SourceOpen

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
}

export interface ReconnectOptions<P> extends LivenessOptions {
  /** One connection attempt, from a cursor, with what `prepare` gave. */
  connect: (cursor: Cursor | undefined, prepared: P, supervision: Supervision<P>) => Observable<SourceEvent>
  /** Whether `connect` watches over what it connects, by its `supervision`. @default false: it is watched here */
  watches?: boolean
  /** Runs before every attempt and may take its time: a fresh token, say. */
  prepare: (attempt: number) => Observable<P>
  /**
   * When what was prepared is of no use any more, in ms since the epoch: before that, what has a cursor is made anew from
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
  /** @default asyncScheduler */
  scheduler?: SchedulerLike
}

/** A connection that is made anew this soon after the last byte, unbroken, needs no proof that nothing fell between. In ms. */
const AT_ONCE = 1_000

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
  expires,
  policy,
  promised,
  place = nowhere(),
  prove,
  follows,
  retryNow$ = NEVER,
  failed,
  scheduler = asyncScheduler,
  ...limits
}: ReconnectOptions<P>): Observable<LinkEvent> {
  return new Observable((subscriber) => {
    const failures = setbacks(policy, scheduler)
    let forgotten: string | undefined
    let rotates = true
    let seenAt = 0
    let current = new Subscription()

    const resumable = () => rotates && place.value !== undefined
    const watch: Watch = (own) => liveness({ ...limits, ...own, promised, resumable, scheduler })

    const fresh = () =>
      prepare(failures.count).pipe(
        timeout({ first: PREPARE_WITHIN, scheduler, with: () => throwError(unprepared) }),
        take(1),
      )
    const connection = (prepared: P, value: string | undefined) => {
      const { space } = place
      const cursor = value === undefined ? undefined : { space, value }
      const connected = connect(cursor, prepared, { watch, prepare: fresh })
      if (watches) return connected
      return connected.pipe(
        liveness({ ...limits, promised, resumable, until: renewal(expires?.(prepared), scheduler), scheduler }),
      )
    }
    /** Where to go on from, and what proves that nothing fell between. */
    const resumption = (unbroken: boolean): Partial<Proof> & Pick<Proof, 'proof'> => {
      const { value, tellsGaps } = place
      if (value === undefined || unbroken || tellsGaps || !prove) return { from: value, proof: identity }
      return prove(value, { within: limits.openWithin ?? 5_000, scheduler })
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
      let begun = false

      const open = (event: SourceOpen) => {
        if (!event.presumed) openedAt ??= scheduler.now()
        subscriber.next(event)
        place.space = event.space
        if (begun) return
        begun = true
        const { opened, value } = place
        place.opened = true
        if (event.resumed) return
        place.value = undefined
        // What takes no cursor cannot be made anew unseen: each time would be a gap.
        rotates &&= value === undefined
        if (opened || value !== undefined || forgotten)
          subscriber.next({ type: 'gap', reason: forgotten ?? 'unproven' })
        forgotten = undefined
      }

      const alive = ({ cursor, begins, tellsGaps }: SourceAlive) => {
        const { value } = place
        place.value = cursor ?? value
        if (tellsGaps) place.tellsGaps = true
        // Emptied, and begun anew: what it was emptied of may not all have come here.
        if (begins && value !== undefined && value !== cursor) subscriber.next({ type: 'gap', reason: 'expired' })
      }
      const next = (event: SourceEvent) => {
        seenAt = scheduler.now()
        switch (event.type) {
          case 'message':
            place.value = event.cursor
            return subscriber.next(event)
          case 'open':
            return open(event)
          case 'alive':
            return alive(event)
          case 'gap':
            place.value = event.cursor ?? place.value
            return subscriber.next({ type: 'gap', reason: event.reason })
          case 'retry':
            return failures.ask(event.delay)
        }
      }

      const lose = (cause: unknown) => {
        if (cause === ROTATE) return attempt(scheduler.now() - seenAt < AT_ONCE)
        const error = asPushError(cause, 'lost', DEV && 'the connection broke')
        const stood = openedAt === undefined ? undefined : scheduler.now() - openedAt
        const next = failures.after(error, stood)
        failed?.(error, stood !== undefined && stood >= policy.resetAfter)
        if (error.code === 'cursor-lost') {
          place.value = undefined
          forgotten = 'expired'
        }
        if (typeof next === 'number') wait(error, next)
        else finish({ type: 'failed', error: next })
      }

      replace(() =>
        fresh()
          .pipe(
            switchMap((prepared) => connection(prepared, from)),
            proof,
            follows && !place.tellsGaps ? chain(follows, place.value) : identity,
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
      subscriber.next({ type: 'waiting', error, attempt: failures.count, delay, retryAt: scheduler.now() + delay })
      if (subscriber.closed) return
      replace(() => merge(timer(delay, scheduler), retryNow$).pipe(take(1)).subscribe(begin))
    }

    const finish = (event: LinkEvent) => {
      subscriber.next(event)
      subscriber.complete()
    }

    begin()
    return () => current.unsubscribe()
  })
}

const unprepared = () => new PushError('prepare-failed', DEV && `prepare gave nothing within ${PREPARE_WITHIN} ms`)

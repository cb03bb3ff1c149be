import {
  NEVER,
  combineLatest,
  concat,
  defer,
  distinctUntilChanged,
  filter,
  isObservable,
  map,
  merge,
  of,
  share,
  shareReplay,
  skip,
  startWith,
  switchMap,
  tap,
  throttle,
  type Observable,
  type SchedulerLike,
} from 'rxjs'
import { checkNumbers } from '../internal/check-numbers.ts'
import { checkOption } from '../internal/check-option.ts'
import { canResume, nowhere } from '../connection/cursor.ts'
import type { RetryPolicy } from '../connection/backoff.ts'
import { reconnect, type Supervisor } from '../connection/reconnect.ts'
import { slept } from './detect-sleep.ts'
import { pageSignals, type PageSignals } from './page-signals.ts'
import { STATUS_AFTER, type PushStatus } from '../status.ts'
import type { Pace } from '../techniques/technique.ts'
import { after, hostScheduler } from '../internal/time.ts'

export interface PageLifeOptions {
  /** How long a hidden page stays connected, in ms; `Infinity`: always. A channel may name its own. @default 300_000 */
  hidden?: number
  /** The least time between two polls of a hidden page, in ms. @default 30_000 */
  hiddenPolls?: number
  /** The least time between two attempts while the host says that it is offline, in ms. @default 30_000 */
  offline?: number
  /** Reasons of your own to pause every channel, by name, each while it says true. */
  pauses?: Readonly<Record<string, Observable<boolean>>>
  /** What tells of the page's life. @default the page's own events; nothing where there is no page */
  signals?: PageSignals | undefined
}

/** How late a timer is at least after sleep, in ms; a hidden page's may be held back for a minute. */
const SLEPT = 15_000
const SLEPT_HIDDEN = 120_000

/** Two signs of one sleep come within this time, in ms. */
const ONE_SLEEP = 5_000

/**
 * Keeps a client's channels in step with the page they are in. A pause closes the connection and remembers the place;
 * after it the channel goes on from there, so that a server that resumes loses nothing. Meanwhile the channel is `idle`,
 * and the event's `paused` names every reason.
 *
 * - **hidden**: stays connected, polls less often, and pauses after `hidden`. Seen again, it polls or connects at once.
 * - **offline**: is no pause, because hosts err: it tries more slowly, and at once when the network is back. What is on
 *   this machine (`localhost`, `127.0.0.1`) is not held back.
 * - **bfcache**: pauses while the page is left, because an open connection would keep it out of the back/forward cache.
 * - **asleep, frozen**: when the machine wakes or the page thaws, a connection with a cursor is made anew at once, from
 *   there. One without is kept, and given time to show that it lives.
 *
 * A wait is cut short by whatever says that the next attempt may succeed: being seen, online, or awake again. Without a
 * page (Node, SSR, a worker) it does nothing. It listens only while a channel is read.
 *
 * @throws PushError `invalid-option` where a number is out of its range, or one of `pauses` is no Observable.
 * @see https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 * @example createPushClient({ via: webSocket(), dialect: nchan(), life: pageLife({ hidden: 60_000 }) })
 * @example pageLife({ pauses: { user: user$ } }) // `idle` with `paused: ['user']`
 */
export function pageLife({
  hidden: hiddenFor = 300_000,
  hiddenPolls = 30_000,
  offline: offlineFor = 30_000,
  pauses = {},
  signals = pageSignals(),
}: PageLifeOptions = {}): Supervisor {
  checkNumbers('pageLife', { hidden: hiddenFor, hiddenPolls, offline: offlineFor })
  if (process.env.NODE_ENV !== 'production')
    for (const [name, pause$] of Object.entries(pauses))
      checkOption(
        isObservable(pause$),
        `\`pauses.${name}\` of pageLife() must be an Observable of booleans: new BehaviorSubject(false), say`,
      )
  if (!signals) return reconnect

  let hidden = false
  let offline = false
  const hidden$ = signals.hidden$.pipe(
    tap((now) => (hidden = now)),
    latest,
  )
  const offline$ = signals.offline$.pipe(
    tap((now) => (offline = now)),
    latest,
  )
  const seen$ = hidden$.pipe(skip(1), filter(no))
  const online$ = offline$.pipe(skip(1), filter(no))
  const pace: Pace = { least: () => (hidden ? hiddenPolls : 0), hurry$: seen$ }
  // Not made inside of a channel's own function, whose scope, and with it the channel, it would hold for good.
  const waking = (scheduler: SchedulerLike) =>
    merge(
      slept(scheduler, () => (hidden ? SLEPT_HIDDEN : SLEPT)),
      signals.thawed$,
    ).pipe(
      throttle(() => after(ONE_SLEEP, scheduler)),
      share(),
    )
  let awake$: Observable<unknown> | undefined

  return (options, { url, hidden: stays = hiddenFor }) => {
    const { place = nowhere(), policy, prepare, retryNow$ = NEVER, scheduler = hostScheduler } = options
    // One clock for all channels of the client, who share a scheduler.
    awake$ ??= waking(scheduler)
    const woken$ = merge(awake$, online$)
    let status: PushStatus

    const link$ = defer(() =>
      reconnect({
        ...options,
        place,
        policy: isLoopback(url) ? policy : leisurely(policy, () => (offline ? offlineFor : 0)),
        prepare: (attempt) => prepare(attempt).pipe(map((prepared) => ({ ...prepared, pace }))),
        retryNow$: merge(retryNow$, seen$, woken$),
      }),
    ).pipe(tap(({ type }) => (status = STATUS_AFTER[type])))
    // What waits is called by `retryNow$`. What is open and has no cursor may live, and would lose what is on its way.
    const remade$ = woken$.pipe(filter(() => status === 'connecting' || (status === 'open' && canResume(place))))
    const linked$ = remade$.pipe(
      startWith(undefined),
      switchMap(() => link$),
    )
    return reasons({
      ...pauses,
      hidden: hidden$.pipe(lasting(stays === 'keep' ? Infinity : stays, scheduler)),
      bfcache: signals.left$,
    }).pipe(switchMap((paused) => (paused.length > 0 ? concat(of({ type: 'idle' as const, paused }), NEVER) : linked$)))
  }
}

const no = (is: boolean) => !is

/** One subscription for all, the present state first. */
const latest = (is$: Observable<boolean>) =>
  is$.pipe(distinctUntilChanged(), shareReplay({ bufferSize: 1, refCount: true }))

/** The names of what says true, at each change. */
const reasons = (named: Readonly<Record<string, Observable<boolean>>>): Observable<readonly string[]> =>
  combineLatest(
    Object.entries(named).map(([name, is$]) =>
      is$.pipe(
        startWith(false),
        distinctUntilChanged(),
        map((is) => (is ? [name] : [])),
      ),
    ),
  ).pipe(map((names) => names.flat()))

/** True once what says true has done so for a time, in ms. */
const lasting = (time: number, scheduler: SchedulerLike) =>
  switchMap((is: boolean) => {
    if (!is || time === 0) return of(is)
    return after(time, scheduler).pipe(map(() => true))
  })

/** A policy that waits for at least so many ms. */
const leisurely = (policy: RetryPolicy, least: () => number): RetryPolicy =>
  Object.assign((error: unknown, failures: number) => policy(error, failures), policy, {
    delay(...row: Parameters<RetryPolicy['delay']>) {
      const delay = policy.delay(...row)
      return delay === undefined ? undefined : Math.max(delay, least())
    },
  })

/** Whether an address is this machine's own, which no network is needed for. */
const isLoopback = (url: string): boolean => /^(.+\.)?localhost$|^127\.|^\[::1\]$/.test(new URL(url).hostname)

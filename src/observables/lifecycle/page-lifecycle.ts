import {
  combineLatest,
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
import { checkNumbers, checkOption, wrongOption } from '../internal/check-options.ts'
import type { Lifecycle } from '../connection/lifecycle.ts'
import { detectSleep } from './detect-sleep.ts'
import { pageSignals, type PageSignals } from './page-signals.ts'
import type { PollRate } from '../techniques/technique.ts'
import { after } from '../internal/time.ts'

export interface PageLifecycleOptions {
  /**
   * How long a hidden page stays connected, in ms. A channel's `disconnectWhenHidden` overrides it.
   * @default 300_000
   */
  hiddenTimeout?: number
  /** The least time between two polls of a hidden page, in ms. @default 30_000 */
  hiddenPollInterval?: number
  /** The least time between two attempts while the host is offline, in ms. @default 30_000 */
  offlineRetryInterval?: number
  /** Your own reasons to pause every channel, by name. Each pauses while its last value is true. */
  pauseWhen?: Readonly<Record<string, Observable<boolean>>>
  /** The signals of the page. @default the page's own events, and none without a page */
  signals?: PageSignals | undefined
}

/** How late a timer is at least after sleep, in ms; a hidden page's may be held back for a minute. */
const SLEPT = 15_000
const SLEPT_HIDDEN = 120_000

/** Two signs of one sleep come within this time, in ms. */
const ONE_SLEEP = 5_000

/**
 * Pauses, slows down and reconnects a client's channels with the page's lifecycle. A pause closes the connection and
 * keeps the position, so that the channel resumes afterwards. Meanwhile it is `idle`, and `pausedBy` lists the reasons.
 *
 * - **hidden**: the channel stays connected, polls less often, and pauses after `hiddenTimeout`. When the page is
 *   visible again, it polls or connects at once.
 * - **offline**: the channel does not pause, because hosts report this wrongly. It retries more slowly, and at once
 *   when the network is back. `localhost` and `127.0.0.1` are exempt.
 * - **bfcache**: the channel pauses while the user has left the page. An open connection would prevent the back/forward
 *   cache.
 * - **sleep, freeze**: when the machine wakes or the page thaws, a connection with a cursor reconnects at once. One
 *   without stays open, and has to receive a byte in time.
 *
 * A visible page, the network and waking end a wait early. Without a page (Node, SSR, a worker) it does nothing. It
 * listens only while a channel has readers.
 *
 * @throws PushError `invalid-option` if a number is out of its range, or an entry of `pauseWhen` is not an Observable.
 * @see https://developer.chrome.com/docs/web-platform/page-lifecycle-api
 * @example createPushClient({ technique: webSocket(), backend: nchan(), lifecycle: pageLifecycle({ hiddenTimeout: 60_000 }) })
 * @example pageLifecycle({ pauseWhen: { user: user$ } }) // `idle` with `pausedBy: ['user']`
 */
export function pageLifecycle({
  hiddenTimeout = 300_000,
  hiddenPollInterval = 30_000,
  offlineRetryInterval = 30_000,
  pauseWhen = {},
  signals = pageSignals(),
}: PageLifecycleOptions = {}): Lifecycle {
  checkNumbers('pageLifecycle', { hiddenTimeout, hiddenPollInterval, offlineRetryInterval })
  if (process.env.NODE_ENV !== 'production')
    for (const [name, pause$] of Object.entries(pauseWhen))
      checkOption(
        isObservable(pause$),
        wrongOption(
          `pauseWhen.${name}`,
          'pageLifecycle',
          pause$,
          'Give an Observable of booleans, such as new BehaviorSubject(false).',
        ),
      )
  if (!signals) return () => ({})

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
  const pollRate: PollRate = { minInterval: () => (hidden ? hiddenPollInterval : 0), pollNow$: seen$ }
  // Not made inside of a channel's own function, whose scope, and with it the channel, it would hold for good.
  const waking = (scheduler: SchedulerLike) =>
    merge(
      detectSleep(scheduler, () => (hidden ? SLEPT_HIDDEN : SLEPT)),
      signals.thawed$,
    ).pipe(
      throttle(() => after(ONE_SLEEP, scheduler)),
      share(),
    )
  let awake$: Observable<unknown> | undefined

  return ({ url, disconnectWhenHidden = hiddenTimeout, scheduler }) => {
    // One clock for all channels of the client, who share a scheduler.
    awake$ ??= waking(scheduler)
    const hiddenFor = disconnectWhenHidden === false ? Infinity : disconnectWhenHidden
    const isLocal = isLoopback(url)
    return {
      pause$: pauseReasons({
        ...pauseWhen,
        hidden: hidden$.pipe(lasting(hiddenFor, scheduler)),
        bfcache: signals.left$,
      }),
      wake$: merge(awake$, online$),
      minDelay: () => (offline && !isLocal ? offlineRetryInterval : 0),
      pollRate,
    }
  }
}

const no = (is: boolean) => !is

/** One subscription for all, the present state first. */
const latest = (is$: Observable<boolean>) =>
  is$.pipe(distinctUntilChanged(), shareReplay({ bufferSize: 1, refCount: true }))

/** The names of what says true, at each change. */
const pauseReasons = (named: Readonly<Record<string, Observable<boolean>>>): Observable<readonly string[]> =>
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

/** Whether an address is this machine's own, which no network is needed for. */
const isLoopback = (url: string): boolean => /^(.+\.)?localhost$|^127\.|^\[::1\]$/.test(new URL(url).hostname)

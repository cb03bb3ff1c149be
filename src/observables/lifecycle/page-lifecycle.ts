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

/** How late a timer is at least after sleep, in ms. A browser may delay those of a hidden page by a minute. */
const SLEPT = 15_000
const SLEPT_HIDDEN = 120_000

/** The time within which several signals mean the same sleep, in ms. */
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
  const seen$ = hidden$.pipe(skip(1), filter(isFalse))
  const online$ = offline$.pipe(skip(1), filter(isFalse))
  const pollRate: PollRate = { minInterval: () => (hidden ? hiddenPollInterval : 0), pollNow$: seen$ }
  // Created outside the function of a channel, because it would keep that channel in memory.
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
    // One timer for all channels of the client, which share a scheduler.
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

const isFalse = (value: boolean) => !value

/** Shares one subscription, and emits the current value first. */
const latest = (is$: Observable<boolean>) =>
  is$.pipe(distinctUntilChanged(), shareReplay({ bufferSize: 1, refCount: true }))

/** Emits the names of the Observables whose last value is true, at each change. */
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

/** Emits true once the source has been true for a time, in ms. */
const lasting = (time: number, scheduler: SchedulerLike) =>
  switchMap((is: boolean) => {
    if (!is || time === 0) return of(is)
    return after(time, scheduler).pipe(map(() => true))
  })

/** Returns whether a URL is on this machine, so that it needs no network. */
const isLoopback = (url: string): boolean => /^(.+\.)?localhost$|^127\.|^\[::1\]$/.test(new URL(url).hostname)

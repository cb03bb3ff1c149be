import { isObservable, type Observable } from 'rxjs'
import { PushError } from '../errors.ts'
import { checkNumbers, checkOption, checkUnknown, wrongOption } from '../internal/check-options.ts'
import { DEV } from '../internal/dev.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { networkChanges } from '../lifecycle/network-changes.ts'
import type { Technique } from '../techniques/technique.ts'
import { describeFallback } from './describe-fallback.ts'
import { runFallback, type ShortSessions } from './run-fallback.ts'
import { techniqueMemory, type TechniqueMemory, type TechniqueStorage } from './technique-memory.ts'

export interface FallbackOptions {
  /**
   * How long a technique may take to open and to receive a byte before the next one is tried, in ms. The last technique has
   * the client's `connectTimeout`. @default 3_000
   */
  connectTimeout?: number
  /** A session that lasts less is short, in ms. @default 5_000 */
  minUptime?: number
  /** How many short sessions in a row make it fall back to the next technique. @default 3 */
  maxShortSessions?: number
  /**
   * The first and the longest wait before a preferred technique is tried again, in ms. Each wait is at random between half and
   * all of its limit, which doubles each time. @default { first: 10_000, max: 300_000 }
   */
  upgradeProbe?: { first?: number; max?: number }
  /** How long a preferred technique is open in parallel before it takes over, in ms. @default 1_000 */
  overlapTime?: number
  /** How long the technique that works is remembered for an origin, in ms. @default 600_000 */
  rememberFor?: number
  /** Remembers the technique between visits, for example `localStorage`. @default in memory only */
  storage?: TechniqueStorage
  /**
   * Emits when the host may be in another network: the remembered technique is then forgotten. @default the page's `online` event
   * and changes of `navigator.connection`
   */
  networkChange$?: Observable<unknown>
  /** Returns a number from 0 up to 1. @default Math.random */
  random?: () => number
}

/**
 * Combines several techniques into one, the preferred one first. It starts with the first one that the host supports. It falls
 * back to the next one if a technique is rejected, does not open in time, receives nothing, or disconnects repeatedly.
 * Meanwhile it tries the preferred ones again, at growing intervals, and hands over without losing or repeating a message. If
 * no cursor proves that, subscribers receive a `gap`.
 *
 * The technique that works is remembered for each origin, and forgotten when the network changes. The event `open` has the
 * technique and the `reason` for it. In development, `channel.explain()` describes both.
 *
 * @throws PushError `missing-technique` if no technique is given. `invalid-option` if an option is unknown or wrong, or if a
 * technique was not called.
 * @example createPushClient({ technique: fallback(webSocket(), sse(), longPolling()), backend: nchan() })
 * @example fallback({ storage: localStorage }, webSocket(), sse(), longPolling())
 */
export function fallback(...given: readonly (FallbackOptions | Technique)[]): Technique {
  if (process.env.NODE_ENV !== 'production') checkArguments(given)
  const techniques = given.filter(isTechnique)
  const {
    connectTimeout = 3_000,
    minUptime = 5_000,
    maxShortSessions = 3,
    upgradeProbe: { first = 10_000, max = 300_000 } = {},
    overlapTime = 1_000,
    rememberFor = 600_000,
    storage,
    networkChange$: ownNetworkChange$,
    random = Math.random,
    ...unknown
  } = given.find(isOptions) ?? {}
  const networkChange$ = ownNetworkChange$ ?? networkChanges()
  if (techniques.length === 0) {
    throw new PushError(
      'missing-technique',
      DEV && 'Missing technique: fallback() was given none. Write fallback(webSocket(), sse()).',
    )
  }
  checkNumbers('fallback', { connectTimeout, maxShortSessions, 'upgradeProbe.first': first, rememberFor }, 1)
  checkNumbers('fallback', { minUptime, overlapTime })
  checkNumbers('fallback', { 'upgradeProbe.max': max }, first)
  if (process.env.NODE_ENV !== 'production') checkTypes({ networkChange$: ownNetworkChange$, random, storage }, unknown)

  for (const { name, method } of techniques)
    checkOption(
      !method,
      DEV &&
        `Invalid technique of fallback(): ${name}() sends a request by ${method}, and a fallback would send it again. Use ${name}() alone.`,
    )

  const names = techniques.map(({ name }) => name)
  const memories = new Map<string, TechniqueMemory>()
  const memoryOf = (url: string): TechniqueMemory => {
    const { origin } = new URL(url)
    const memory =
      memories.get(origin) ?? techniqueMemory({ origin, names, rememberFor, probe: { first, max }, storage, random })
    memories.set(origin, memory)
    return memory
  }
  const sessions = new WeakMap<object, ShortSessions>()
  const shortSessionsOf = (channel: object = {}): ShortSessions => {
    const counts = sessions.get(channel) ?? []
    sessions.set(channel, counts)
    return counts
  }

  const numbers = [connectTimeout, minUptime, maxShortSessions, first, max, overlapTime, rememberFor]
  return recordOptions(fallback, [...numbers, storage, ownNetworkChange$, random, ...techniques], {
    name: 'fallback',
    managesLiveness: true,
    isSupported: () => techniques.some((technique) => technique.isSupported()),
    sendsHeaders: 'each',
    ...(process.env.NODE_ENV !== 'production' && {
      explain: (url: string, now: number) => describeFallback(names, memoryOf(url), now),
    }),
    connect: (request) =>
      runFallback({
        techniques,
        request,
        memory: memoryOf(request.url),
        shortSessions: shortSessionsOf(request.channel),
        limits: { connectTimeout, minUptime, maxShortSessions, overlapTime },
        networkChange$,
      }),
  })
}

const isTechnique = (argument: FallbackOptions | Technique): argument is Technique => 'connect' in argument
const isOptions = (argument: FallbackOptions | Technique): argument is FallbackOptions => !isTechnique(argument)

function checkArguments(given: readonly unknown[]): void {
  for (const [index, argument] of given.entries())
    checkOption(
      typeof argument === 'object' && argument !== null,
      wrongOption(`arguments[${index}]`, 'fallback', argument, 'Write fallback(webSocket(), sse()).'),
    )
}

/** Checks what only a wrong type can be. */
function checkTypes(
  {
    networkChange$,
    random,
    storage,
  }: { networkChange$: unknown; random: unknown; storage: TechniqueStorage | undefined },
  unknown: object,
): void {
  checkUnknown('fallback', Object.keys(unknown))
  checkOption(
    networkChange$ === undefined || isObservable(networkChange$),
    wrongOption('networkChange$', 'fallback', networkChange$, 'Give an Observable.'),
  )
  checkOption(
    typeof random === 'function',
    wrongOption('random', 'fallback', random, 'Give a function, such as Math.random.'),
  )
  checkOption(
    storage === undefined || typeof storage?.getItem === 'function',
    wrongOption('storage', 'fallback', storage, 'Give `localStorage`, or an object with the same methods.'),
  )
}

import type { Observable } from 'rxjs'
import { checkNumbers } from '../internal/check-options.ts'
import { PushError } from '../errors.ts'
import { recordOptions } from '../internal/equal-options.ts'
import { networkChanges } from '../lifecycle/network-changes.ts'
import type { Technique } from '../techniques/technique.ts'
import { DEV } from '../internal/dev.ts'
import { describeFallback } from './describe-fallback.ts'
import { runFallback, type Counts } from './run-fallback.ts'
import { techniqueMemory, type TechniqueMemory, type TechniqueStorage } from './technique-memory.ts'

export interface FallbackOptions {
  /** How long a rung has to open, with bytes, before the next one is tried, in ms; the last one has the client's. @default 3_000 */
  connectTimeout?: number
  /** A connection that lasted for less is a short life, in ms. @default 5_000 */
  minUptime?: number
  /** How often in a row a rung may live shortly before the next one is taken. @default 3 */
  maxShortSessions?: number
  /**
   * The first wait before a higher rung is tried again, and the longest, in ms; each is twice the one before, and drawn
   * from its upper half. @default { first: 10_000, max: 300_000 }
   */
  upgradeProbe?: { first?: number; max?: number }
  /** How long a new rung stands beside the old before it carries on alone, in ms. @default 1_000 */
  overlapTime?: number
  /** How long the rung that works is remembered for an origin, in ms. @default 600_000 */
  rememberFor?: number
  /** Where it is remembered from visit to visit: `localStorage`. @default in memory only */
  storage?: TechniqueStorage
  /** Says that this host may be in another network now: what was learnt is forgotten. @default what the page tells */
  networkChange$?: Observable<unknown>
  /** From 0 up to 1. @default Math.random */
  random?: () => number
}

/**
 * The ladder: several techniques, the best first, as one. It begins at the highest that this host supports and goes
 * down where one is refused, hangs, stays silent or dies young; while a lower one delivers, a higher one is tried with
 * growing spacing, and takes over without a message lost or repeated. Where no cursor proves that, readers are told by
 * a `gap`.
 *
 * What works is remembered for each origin, and forgotten when the network changes. `open` says which technique it is and
 * why, and `channel.explain()` tells it in words.
 *
 * @throws PushError `missing-technique` where no technique is given, `invalid-option` where a number is out of its range or
 * a technique was not called.
 * @example createPushClient({ technique: fallback(webSocket(), sse(), longPolling()), backend: nchan() })
 * @example fallback({ storage: localStorage }, webSocket(), sse(), longPolling())
 */
export function fallback(...given: readonly (FallbackOptions | Technique)[]): Technique {
  if (given.some((one) => typeof one === 'function'))
    throw new PushError(
      'invalid-option',
      DEV && 'fallback() was given a function. Call it: fallback(webSocket(), sse())',
    )
  const techniques = given.filter(isTechnique)
  const options: FallbackOptions = given.find((one): one is FallbackOptions => !isTechnique(one)) ?? {}
  const {
    connectTimeout = 3_000,
    minUptime = 5_000,
    maxShortSessions = 3,
    upgradeProbe: { first = 10_000, max = 300_000 } = {},
    overlapTime = 1_000,
    rememberFor = 600_000,
    storage,
    networkChange$: changes$ = networkChanges(),
    random = Math.random,
  } = options
  if (techniques.length === 0) {
    throw new PushError('missing-technique', DEV && 'fallback() names no technique: fallback(webSocket(), sse())')
  }
  checkNumbers('fallback', { connectTimeout, maxShortSessions, 'upgradeProbe.first': first, rememberFor }, 1)
  checkNumbers('fallback', { minUptime, overlapTime })
  checkNumbers('fallback', { 'upgradeProbe.max': max }, first)
  const names = techniques.map(({ name }) => name)
  const memories = new Map<string, TechniqueMemory>()
  const memoryOf = (url: string): TechniqueMemory => {
    const { origin } = new URL(url)
    const memory =
      memories.get(origin) ??
      techniqueMemory({ origin, names, remember: rememberFor, probe: { first, max }, storage, random })
    memories.set(origin, memory)
    return memory
  }
  const self: Technique = {
    name: 'fallback',
    managesLiveness: true,
    isSupported: () => techniques.some((technique) => technique.isSupported()),
    ...(process.env.NODE_ENV !== 'production' && {
      explain: (url: string, now: number) => describeFallback(names, memoryOf(url), now),
    }),
    connect: (request) =>
      runFallback({
        techniques,
        request,
        memory: memoryOf(request.url),
        counts: countsOf(request.memory),
        limits: { connectTimeout, minUptime, maxShortSessions, overlapTime },
        networkChange$: changes$,
      }),
  }
  const countsOf = (remembered: Map<object, unknown> = new Map()): Counts => {
    const counts = (remembered.get(self) as Counts | undefined) ?? []
    remembered.set(self, counts)
    return counts
  }
  const { networkChange$: given$ } = options
  const numbers = [connectTimeout, minUptime, maxShortSessions, first, max, overlapTime, rememberFor]
  return recordOptions(fallback, [...numbers, storage, given$, random, ...techniques], self)
}

const isTechnique = (one: FallbackOptions | Technique): one is Technique => 'connect' in one

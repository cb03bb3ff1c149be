import type { Observable } from 'rxjs'
import { checkNumbers } from '../internal/check-numbers.ts'
import { PushError } from '../errors.ts'
import { madeOf } from '../internal/equal-options.ts'
import { networkChanges } from '../lifecycle/network-changes.ts'
import type { Technique } from '../techniques/technique.ts'
import { DEV } from '../internal/dev.ts'
import { ladderInWords } from './describe-fallback.ts'
import { onLadder, type Counts } from './run-fallback.ts'
import { rungMemory, type RungMemory, type RungStorage } from './technique-memory.ts'

export interface FallbackOptions {
  /** How long a rung has to open, with bytes, before the next one is tried, in ms; the last one has the client's. @default 3_000 */
  openWithin?: number
  /** A connection that lasted for less is a short life, in ms. @default 5_000 */
  shortLife?: number
  /** How often in a row a rung may live shortly before the next one is taken. @default 3 */
  tries?: number
  /**
   * The first wait before a higher rung is tried again, and the longest, in ms; each is twice the one before, and drawn
   * from its upper half. @default { first: 10_000, max: 300_000 }
   */
  probe?: { first?: number; max?: number }
  /** How long a new rung stands beside the old before it carries on alone, in ms. @default 1_000 */
  settle?: number
  /** How long the rung that works is remembered for an origin, in ms. @default 600_000 */
  remember?: number
  /** Where it is remembered from visit to visit: `localStorage`. @default in memory only */
  storage?: RungStorage
  /** Says that this host may be in another network now: what was learnt is forgotten. @default what the page tells */
  changes$?: Observable<unknown>
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
 * @throws PushError `no-technique` where no technique is given, `invalid-option` where a number is out of its range or
 * a technique was not called.
 * @example createPushClient({ via: fallback(webSocket(), sse(), longPolling()), dialect: nchan() })
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
    openWithin = 3_000,
    shortLife = 5_000,
    tries = 3,
    probe: { first = 10_000, max = 300_000 } = {},
    settle = 1_000,
    remember = 600_000,
    storage,
    changes$ = networkChanges(),
    random = Math.random,
  } = options
  if (techniques.length === 0) {
    throw new PushError('no-technique', DEV && 'fallback() names no technique: fallback(webSocket(), sse())')
  }
  checkNumbers('fallback', { openWithin, tries, 'probe.first': first, remember }, 1)
  checkNumbers('fallback', { shortLife, settle })
  checkNumbers('fallback', { 'probe.max': max }, first)
  const names = techniques.map(({ name }) => name)
  const memories = new Map<string, RungMemory>()
  const memoryOf = (url: string): RungMemory => {
    const { origin } = new URL(url)
    const memory =
      memories.get(origin) ?? rungMemory({ origin, names, remember, probe: { first, max }, storage, random })
    memories.set(origin, memory)
    return memory
  }
  const self: Technique = {
    name: 'fallback',
    watches: true,
    isSupported: () => techniques.some((technique) => technique.isSupported()),
    explain: (url, now) => ladderInWords(names, memoryOf(url), now),
    connect: (request) =>
      onLadder({
        techniques,
        request,
        memory: memoryOf(request.url),
        counts: countsOf(request.memory),
        limits: { openWithin, shortLife, tries, settle },
        changes$,
      }),
  }
  const countsOf = (remembered: Map<object, unknown> = new Map()): Counts => {
    const counts = (remembered.get(self) as Counts | undefined) ?? []
    remembered.set(self, counts)
    return counts
  }
  const { changes$: given$ } = options
  const numbers = [openWithin, shortLife, tries, first, max, settle, remember]
  return madeOf(fallback, [...numbers, storage, given$, random, ...techniques], self)
}

const isTechnique = (one: FallbackOptions | Technique): one is Technique => 'connect' in one

import { backoff, type RetryPolicy } from '../src/observables/index.ts'
import type { Bench } from './index.ts'
import { table, whole } from './table.ts'

const CLIENTS = 1_000_000

/** The window of an even spread, in ms: the default `maxDelay`. */
const WINDOW = 30_000

/** How many times an even spread may arrive within a second. */
const MAX_RATIO = 2

/** The limit of the median time after which one client reconnects, in ms. */
const MAX_MEDIAN = 1_000

/** Outages that all clients notice at once, in ms, and whether the promise applies to them. */
const OUTAGES = [
  { lasts: 0, promised: false },
  { lasts: 1_000, promised: true },
  { lasts: 30_000, promised: true },
  { lasts: 120_000, promised: true },
] as const

/** Policies, and whether the promise applies to them. */
const POLICIES: readonly { name: string; policy: RetryPolicy; promised: boolean; spread?: number }[] = [
  { name: 'backoff()', policy: backoff(), promised: true },
  { name: 'backoff(), and the hub asks for 30 s', policy: backoff(), promised: true, spread: WINDOW },
  { name: 'backoff({ initialDelay: 30_000 })', policy: backoff({ initialDelay: 30_000 }), promised: true },
  { name: 'backoff({ multiplier: 2 })', policy: backoff({ multiplier: 2 }), promised: false },
]

/** Counts attempts per second. */
const seconds = () => {
  const counts: number[] = []
  return {
    add: (at: number) => {
      const second = Math.floor(at / 1_000)
      counts[second] = (counts[second] ?? 0) + 1
    },
    peak: () => counts.reduce((most, count = 0) => Math.max(most, count), 0),
    total: () => counts.reduce((sum, count = 0) => sum + count, 0),
  }
}

/** All clients lose one server at once, and reconnect as the policy says. An attempt succeeds or fails at once. */
function outage(policy: RetryPolicy, lasts: number, asked: number | undefined) {
  const during = seconds()
  const after = seconds()
  const waits: number[] = []
  for (let client = 0; client < CLIENTS; client++) {
    let at = 0
    for (let failures = 1; ; failures++) {
      at +=
        policy.nextDelay(failures, undefined, at, asked === undefined ? undefined : { spread: asked, failures }) ??
        Infinity
      if (at >= lasts) break
      during.add(at)
    }
    after.add(at - lasts)
    waits.push(at - lasts)
  }
  waits.sort((a, b) => a - b)
  return { during, after, median: waits[CLIENTS / 2] ?? Number.NaN, last: waits.at(-1) ?? Number.NaN }
}

/**
 * Simulates a thundering herd in virtual time with real randomness: a million clients lose one server at once. An outage of
 * 0 s is one user whose own connection broke.
 */
export const storm: Bench = (parts) => {
  const row = table([
    'policy',
    'outage',
    'attempts a second meanwhile: mean, peak',
    'arrivals a second: peak',
    'of an even spread',
    'wait after it: median, last',
  ])
  const spread = CLIENTS / (WINDOW / 1_000)
  let kept = true
  for (const { name, policy, promised, spread: asked } of POLICIES) {
    for (const { lasts, promised: forAll } of OUTAGES) {
      if (parts.length > 0 && !parts.includes(String(lasts / 1_000))) continue
      const { during, after, median, last } = outage(policy, lasts, asked)
      const times = after.peak() / spread
      const mean = lasts === 0 ? 0 : during.total() / (lasts / 1_000)
      row([
        `\`${name}\``,
        `${lasts / 1_000} s`,
        `${whole(mean)}, ${whole(during.peak())}`,
        whole(after.peak()),
        times.toFixed(2),
        `${(median / 1_000).toFixed(2)} s, ${(last / 1_000).toFixed(1)} s`,
      ])
      if (promised && forAll && times > MAX_RATIO) kept = false
      if (name === 'backoff()' && lasts === 0 && median >= MAX_MEDIAN) kept = false
    }
  }
  return Promise.resolve(kept)
}

import { backoff, type RetryPolicy } from '../src/observables/index.ts'
import type { Bench } from './index.ts'
import { table, whole } from './table.ts'

const CLIENTS = 1_000_000

/** The window over which an even spread is the measure: the default `max`, in ms. */
const MAX = 30_000

/** How many times the even spread may come in a second. */
const MOST = 2

/** Half of those whose own link broke are back within this time, in ms. */
const FAST = 1_000

/** Outages that all clients notice at once, in ms, and whether the promise is made for them. */
const OUTAGES = [
  { lasts: 0, promised: false },
  { lasts: 1_000, promised: true },
  { lasts: 30_000, promised: true },
  { lasts: 120_000, promised: true },
] as const

/** A policy by the options that make it, and whether the promise is made by it. */
const POLICIES: readonly { named: string; policy: RetryPolicy; promised: boolean }[] = [
  { named: 'backoff()', policy: backoff(), promised: true },
  { named: 'backoff({ initialDelay: 30_000 })', policy: backoff({ initialDelay: 30_000 }), promised: true },
  { named: 'backoff({ multiplier: 2 })', policy: backoff({ multiplier: 2 }), promised: false },
]

/** Attempts, counted by the second in which they are made. */
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

/** All clients lose one server at once, and come back as the policy says. An attempt is answered at once, either way. */
function outage(policy: RetryPolicy, lasts: number) {
  const during = seconds()
  const after = seconds()
  const waits: number[] = []
  for (let client = 0; client < CLIENTS; client++) {
    let at = 0
    for (let failures = 1; ; failures++) {
      at += policy.nextDelay(failures, undefined, at) ?? Infinity
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
 * The herd, in virtual time with real chance: a million clients lose one server at once. Beside it what one user waits
 * whose own link broke, which is what an outage of no time is.
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
  const spread = CLIENTS / (MAX / 1_000)
  let kept = true
  for (const { named, policy, promised } of POLICIES) {
    for (const { lasts, promised: forAll } of OUTAGES) {
      if (parts.length > 0 && !parts.includes(String(lasts / 1_000))) continue
      const { during, after, median, last } = outage(policy, lasts)
      const times = after.peak() / spread
      const mean = lasts === 0 ? 0 : during.total() / (lasts / 1_000)
      row([
        `\`${named}\``,
        `${lasts / 1_000} s`,
        `${whole(mean)}, ${whole(during.peak())}`,
        whole(after.peak()),
        times.toFixed(2),
        `${(median / 1_000).toFixed(2)} s, ${(last / 1_000).toFixed(1)} s`,
      ])
      if (promised && forAll && times > MOST) kept = false
      if (named === 'backoff()' && lasts === 0 && median >= FAST) kept = false
    }
  }
  return Promise.resolve(kept)
}

import type { Random } from '../random.ts'
import type { Attack, Doors } from '../attackers.ts'
import { badBody } from './bodies.ts'
import { badFrames } from './frames.ts'
import { malformedHead, otherProtocol, pipeline } from './heads.ts'
import { badLines } from './lines.ts'
import { halfOpen, idle, neverReads, reset, slowWriter, visit } from './resets.ts'
import { streams } from './streams.ts'

/** How often each, of a hundred. */
const ATTACKS: readonly (readonly [weight: number, attack: Attack])[] = [
  [15, malformedHead],
  [5, otherProtocol],
  [2, pipeline],
  [26, reset],
  [2, streams],
  [13, idle],
  [3, slowWriter],
  [3, halfOpen],
  [3, neverReads],
  [10, badFrames],
  [13, badLines],
  [5, badBody],
]

/** Attacks that can run alone. */
export const ONLY = { idle, visit } as const

/** One of them, by chance, that these doors are open to. */
export function attackOf(random: Random, { http2Port }: Doors): Attack {
  let left = random.below(100)
  for (const [weight, attack] of ATTACKS) {
    if (left < weight) return attack === streams && http2Port === undefined ? reset : attack
    left -= weight
  }
  return reset
}

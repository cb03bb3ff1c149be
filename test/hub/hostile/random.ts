/** Chance that can be repeated: the same seed gives the same values. */
export interface Random {
  /** At least 0, less than 1. */
  (): number
  /** At least 0, less than `end`. */
  below(end: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  /** Up to so many of them, in any order, perhaps repeated. */
  some<T>(from: readonly [T, ...T[]], most: number): T[]
  bytes(length: number): Buffer
}

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed | 0
  const random = () => {
    state = (state + 0x6d_2b_79_f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (end: number) => Math.floor(random() * end)
  const pick = <T>(from: readonly [T, ...T[]]) => from[below(from.length)] as T
  return Object.assign(random, {
    below,
    chance: (probability: number) => random() < probability,
    pick,
    some: <T>(from: readonly [T, ...T[]], most: number) => Array.from({ length: below(most + 1) }, () => pick(from)),
    bytes: (length: number) => Buffer.from(Array.from({ length }, () => below(256))),
  })
}

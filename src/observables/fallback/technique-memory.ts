import { Subject } from 'rxjs'

/** Where what works is kept from visit to visit: `localStorage`, or what looks like it. */
export type TechniqueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface RungMemoryOptions {
  origin: string
  /** Names of the rungs, the highest first. */
  names: readonly string[]
  /** How long what works is remembered, in ms. */
  remember: number
  /** The first wait before a higher rung is tried again, and the longest, in ms. */
  probe: { first: number; max: number }
  storage: TechniqueStorage | undefined
  random: () => number
}

/** What went wrong on a rung, and when, in ms since the epoch. */
export interface Trouble {
  readonly said: string
  readonly at: number
  /** It goes wrong as long as the request is what it is: another try while a lower rung delivers is of no use. */
  readonly lasting: boolean
}

/** What is known of the rungs to one origin. */
export interface TechniqueMemory {
  /** Where to begin. */
  start(now: number): number
  /** Why that is not the highest; undefined where it is. */
  readonly why: string | undefined
  /** Begin here from now on. */
  settle(index: number, why: string, now: number): void
  /** Begin at the highest again, and try it soon. */
  forget(): void
  /** A higher rung is being tried: the next time is later. */
  probed(now: number): void
  /** What carries stood for long: the next probe is soon again. */
  stood(): void
  /** When a higher rung is tried next, in ms since the epoch. */
  readonly probeAt: number
  /** A higher rung is worth a try now. */
  readonly sooner$: Subject<void>
  /** What last went wrong on each rung. */
  readonly troubles: Map<number, Trouble>
}

export function techniqueMemory({
  origin,
  names,
  remember,
  probe,
  storage,
  random,
}: RungMemoryOptions): TechniqueMemory {
  const key = `pinia-push:rung:${origin}`
  let known = recall()
  let spacing = probe.first
  let probeAt = 0
  const sooner$ = new Subject<void>()
  const troubles: TechniqueMemory['troubles'] = new Map()

  function recall(): { index: number; why: string; until: number } | undefined {
    try {
      const kept: unknown = JSON.parse(storage?.getItem(key) ?? 'null')
      if (typeof kept !== 'object' || kept === null) return undefined
      const { name, why, until } = kept as Partial<Record<'name' | 'why' | 'until', unknown>>
      const index = names.indexOf(String(name))
      return index > 0 && typeof until === 'number' ? { index, why: String(why), until } : undefined
    } catch {
      // What cannot be read is not known.
      return undefined
    }
  }
  const keep = () => {
    try {
      if (known) storage?.setItem(key, JSON.stringify({ name: names[known.index], why: known.why, until: known.until }))
      else storage?.removeItem(key)
    } catch {
      // A full or forbidden storage only makes the next visit begin at the top.
    }
  }
  // Not at the same moment as all others who fell with this one.
  const later = (now: number) => (probeAt = now + spacing * (0.5 + random() / 2))

  return {
    start(now) {
      if (known && known.until <= now) known = undefined
      if (known && probeAt === 0) later(now)
      return known?.index ?? 0
    },
    get why() {
      return known?.why
    },
    settle(index, why, now) {
      const climbed = index < (known?.index ?? 0)
      known = index > 0 ? { index, why, until: now + remember } : undefined
      keep()
      if (climbed) sooner$.next()
      else later(now)
    },
    forget() {
      known = undefined
      spacing = probe.first
      probeAt = 0
      keep()
      sooner$.next()
    },
    probed(now) {
      spacing = Math.min(probe.max, spacing * 2)
      later(now)
    },
    stood: () => (spacing = probe.first),
    get probeAt() {
      return probeAt
    },
    sooner$,
    troubles,
  }
}

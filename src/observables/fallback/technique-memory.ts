import { Subject, type Observable } from 'rxjs'

/** Stores from visit to visit which technique works: `localStorage`, or an object with the same methods. */
export type TechniqueStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

export interface TechniqueMemoryOptions {
  origin: string
  /** The techniques' names, the best first. */
  names: readonly string[]
  /** How long the technique that works is remembered, in ms. */
  rememberFor: number
  /** The first wait before a better technique is tried again, and the longest, in ms. */
  probe: { first: number; max: number }
  storage: TechniqueStorage | undefined
  random: () => number
}

/** The last failure of a technique. */
export interface TechniqueFailure {
  readonly message: string
  /** When it failed, in ms since the epoch. */
  readonly at: number
  /** Whether it fails for every such request, so that another attempt is useless while a lower technique delivers. */
  readonly permanent: boolean
}

/** Remembers which techniques work for one origin. All channels of the origin share it. */
export interface TechniqueMemory {
  /** Returns the index of the technique to begin with. */
  start(now: number): number
  /** Why that is not the best technique; undefined if it is. */
  readonly reason: string | undefined
  /** Begins with this technique from now on. */
  settle(index: number, reason: string, now: number): void
  /** Begins with the best technique again, and tries it now. */
  forget(): void
  /** Doubles the wait, because a better technique is being tried now. */
  probeStarted(now: number): void
  /** Resets the wait, because a connection was stable. */
  wasStable(): void
  /** When a better technique is tried next, in ms since the epoch. */
  readonly probeAt: number
  /** Emits when a better technique is worth an attempt now. */
  readonly probeNow$: Observable<void>
  recordFailure(index: number, failure: TechniqueFailure): void
  recordSuccess(index: number): void
  /** Returns the last failure of a technique since its last success. */
  failureOf(index: number): TechniqueFailure | undefined
  /** Returns whether another attempt with a technique may succeed. */
  isWorthTrying(index: number): boolean
  /** Returns whether a better technique than this one may succeed. */
  canUpgrade(from: number): boolean
}

export function techniqueMemory({
  origin,
  names,
  rememberFor,
  probe,
  storage,
  random,
}: TechniqueMemoryOptions): TechniqueMemory {
  const key = `pinia-push:technique:${origin}`
  let known = load()
  let wait = probe.first
  let probeAt = 0
  const probeNow$ = new Subject<void>()
  const failures = new Map<number, TechniqueFailure>()
  const isWorthTrying = (index: number) => !failures.get(index)?.permanent

  function load(): { index: number; reason: string; until: number } | undefined {
    try {
      const stored: unknown = JSON.parse(storage?.getItem(key) ?? 'null')
      if (typeof stored !== 'object' || stored === null) return undefined
      const { name, reason, until } = stored as Partial<Record<'name' | 'reason' | 'until', unknown>>
      const index = names.indexOf(String(name))
      return index > 0 && typeof until === 'number' ? { index, reason: String(reason), until } : undefined
    } catch {
      // An unreadable storage is the same as an empty one.
      return undefined
    }
  }
  const save = () => {
    try {
      if (known)
        storage?.setItem(key, JSON.stringify({ name: names[known.index], reason: known.reason, until: known.until }))
      else storage?.removeItem(key)
    } catch {
      // If the storage is full or forbidden, the next visit begins with the best technique.
    }
  }
  // Clients that fell back at the same time must not probe at the same time.
  const scheduleProbe = (now: number) => (probeAt = now + wait * (0.5 + random() / 2))

  return {
    start(now) {
      if (known && known.until <= now) known = undefined
      if (known && probeAt === 0) scheduleProbe(now)
      return known?.index ?? 0
    },
    get reason() {
      return known?.reason
    },
    settle(index, reason, now) {
      const upgraded = index < (known?.index ?? 0)
      known = index > 0 ? { index, reason, until: now + rememberFor } : undefined
      save()
      if (upgraded) probeNow$.next()
      else scheduleProbe(now)
    },
    forget() {
      known = undefined
      wait = probe.first
      probeAt = 0
      save()
      probeNow$.next()
    },
    probeStarted(now) {
      wait = Math.min(probe.max, wait * 2)
      scheduleProbe(now)
    },
    wasStable: () => void (wait = probe.first),
    get probeAt() {
      return probeAt
    },
    probeNow$,
    recordFailure: (index, failure) => void failures.set(index, failure),
    recordSuccess: (index) => void failures.delete(index),
    failureOf: (index) => failures.get(index),
    isWorthTrying,
    canUpgrade: (from) => names.some((_, index) => index < from && isWorthTrying(index)),
  }
}

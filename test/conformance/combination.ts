import { describe } from 'vitest'
import { test } from './fixtures.ts'
import { limitAt, type Need, type Place } from './limits.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Where a promise of the suite is held to. */
    place?: Place
  }
}

/** How a promise is asked of a technique on a server in an engine. */
export interface Asked {
  /** Why a need is not met here, in words; undefined: it is. */
  limit(need: Need): string | undefined
  /** What the library and the server decide, whatever the engine: gaps, statuses, waits. */
  library: typeof test
  /** What the engine decides, whatever the server: how bytes come, what it tells of a network that fails, what it aborts. */
  host: typeof test
  /** What the server writes, as the engine reads it. */
  wire: typeof test
  /** What becomes of a loss, on a server that loses anything. */
  loss: typeof test
}

/** Instead of a test, where something is not asked. */
const unasked = Object.assign(() => {}, { for: () => () => {} }) as unknown as typeof test

/**
 * Tests of one technique on one server in one engine: the run counts which were kept. Each promise is asked where its answer
 * could be another one (`limits.ts`). Most of their time is the network's, so they run beside one another: each has a server
 * and a client of its own, and none is timed.
 */
export function combination(place: Place, promises: (asked: Asked) => void) {
  const limit = (need: Need) => limitAt(place, need)
  const asked = (...needs: Need[]) => (needs.every((need) => limit(need) === undefined) ? test : unasked)
  describe(`${place.technique} on ${place.server}`, { meta: { place }, concurrent: true }, () => {
    test.override({ kind: place.server })
    promises({ limit, library: asked('library'), host: asked('host'), wire: test, loss: asked('library', 'loss') })
  })
}

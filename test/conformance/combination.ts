import { describe } from 'vitest'
import { test } from './fixtures.ts'
import { limitAt, type Need, type Place } from './limits.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Where a promise of the suite is held to. */
    place?: Place
  }
}

/**
 * Tests of one technique on one server in one engine: the run counts which were kept. They are told why a need is not met
 * there, or undefined.
 */
export function combination(place: Place, promises: (limit: (need: Need) => string | undefined) => void) {
  describe(`${place.technique} on ${place.server}`, { meta: { place } }, () => {
    test.override({ kind: place.server })
    promises((need) => limitAt(place, need))
  })
}

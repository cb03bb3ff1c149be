import { describe } from 'vitest'
import { test } from './fixtures.ts'
import { limitAt, type Need, type Place } from './limits.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** The combination that a promise is tested on. */
    place?: Place
  }
}

/** Which promises are tested for a technique on a server in an engine. */
export interface Asked {
  /** Returns why a need is not met here; undefined where it is. */
  limit(need: Need): string | undefined
  /** Tests what the library and the server decide, whatever the engine: gaps, statuses, delays. */
  library: typeof test
  /** Tests what the engine decides, whatever the server: how bytes arrive, how it reports a network failure, what it aborts. */
  host: typeof test
  /** Tests what the server writes, as the engine reads it. */
  wire: typeof test
  /** Tests losses, on a server that can lose messages. */
  loss: typeof test
}

/** Registers no test, for a promise that is not tested here. */
const untested = Object.assign(() => {}, { for: () => () => {} }) as unknown as typeof test

/**
 * Registers the tests of one technique on one server in one engine; the run counts how many pass. Each promise is tested
 * where its result could differ (`limits.ts`). The tests mostly wait for the network, so they run concurrently: each has its
 * own server and client, and none is timed.
 */
export function combination(place: Place, promises: (asked: Asked) => void) {
  const limit = (need: Need) => limitAt(place, need)
  const asked = (...needs: Need[]) => (needs.every((need) => limit(need) === undefined) ? test : untested)
  describe(`${place.technique} on ${place.server}`, { meta: { place }, concurrent: true }, () => {
    test.override({ kind: place.server })
    promises({ limit, library: asked('library'), host: asked('host'), wire: test, loss: asked('library', 'loss') })
  })
}

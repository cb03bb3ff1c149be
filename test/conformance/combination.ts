import { afterAll, describe } from 'vitest'
import { test } from './fixtures.ts'
import { limitOf, type Need, type Place } from './limits.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Which technique keeps this promise, on which server, in which engine. */
    place?: Place
  }
}

/** The promises of one technique on one server in one engine: what their tests share, and what limits them. */
export function combination(place: Place, promises: (limit: (need: Need) => string | undefined) => void) {
  const { technique, server, engine } = place
  const limit = (need: Need) => limitOf(need, place)
  describe(`${technique} on ${server}`, { meta: { place } }, () => {
    test.override({ kind: server })

    afterAll(({}, { tasks }) => {
      const kept = tasks.filter(({ result }) => result?.state === 'pass').length
      console.log(`promises  ${engine}  ${server}  ${technique}  kept ${kept} of ${tasks.length}`)
      for (const need of ['heartbeats', 'refusals', 'readers', 'loss'] as const) {
        const why = limit(need)
        if (why !== undefined) console.log(`limit  ${engine}  ${server}  ${technique}  ${need}: ${why}`)
      }
    })

    promises(limit)
  })
}

import { afterAll, describe } from 'vitest'
import { test } from './fixtures.ts'
import { limitAt, limitsAt, type Need, type Place } from './limits.ts'

declare module 'vitest' {
  interface TaskMeta {
    /** Where a promise of the suite is held to. */
    place?: Place
  }
}

/** The promises of one technique on one server in one engine: what their tests share, and what limits them. */
export function combination(place: Place, promises: (limit: (need: Need) => string | undefined) => void) {
  const { technique, server, engine } = place
  describe(`${technique} on ${server}`, { meta: { place } }, () => {
    test.override({ kind: server })

    afterAll(({}, { tasks }) => {
      const kept = tasks.filter(({ result }) => result?.state === 'pass').length
      console.log(`promises  ${engine}  ${server}  ${technique}  kept ${kept} of ${tasks.length}`)
      for (const { said } of limitsAt(place)) console.log(`limit  ${engine}  ${server}  ${technique}  ${said}`)
    })

    promises((need) => limitAt(place, need))
  })
}

import { afterAll, beforeAll, describe, test } from 'vitest'
import { buildPrograms, type Programs } from './processes.ts'
import { HUBS, scene } from './scene.ts'

/** Of each hub. The whole of it: `HOSTILE_ACTIONS=100000`, with 10,000 messages. */
const ACTIONS = Number(process.env['HOSTILE_ACTIONS'] ?? 4_000)
const MESSAGES = ACTIONS / 10
/** Of one hub. The whole of it: `SHORT_CONNECTIONS=148000`. */
const CONNECTIONS = Number(process.env['SHORT_CONNECTIONS'] ?? 5_000)
const SEED = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000_000)
/** Nothing takes so long, in ms, but what never ends. */
const FOR_EVER = 300_000 + 30 * Math.max(ACTIONS, CONNECTIONS)

let programs: Programs
beforeAll(async () => void (programs = await buildPrograms()))
afterAll(() => programs.stop())

describe.concurrent.each(Object.keys(HUBS) as (keyof typeof HUBS)[])('%s', (name) => {
  test(
    'survives attacks, sends twenty subscribers every message meanwhile, and keeps nothing afterwards',
    { timeout: 3 * FOR_EVER },
    async ({ expect }) => {
      const { round, stays } = await scene({ programs, name, expect, seed: SEED, patience: FOR_EVER })
      const { did, words } = await stays(
        () => round('warm-up', ACTIONS / 5, MESSAGES / 5),
        () => round('honest', ACTIONS, MESSAGES),
      )
      expect(did.done).toBeGreaterThanOrEqual(ACTIONS)
      console.log(
        `hostile (seed ${SEED}): ${name}: ${did.done} actions ${JSON.stringify(did.counts)}, ` +
          `${MESSAGES} messages to each of 20 readers; before → when a tenth is idle → at the end → after: ${words}`,
      )
    },
  )
})

test.concurrent(
  'a hub keeps nothing of clients that have left, however many they were',
  { timeout: 3 * FOR_EVER },
  async ({ expect }) => {
    const name = 'npx pinia-push hub'
    const { only, stays } = await scene({ programs, name, expect, seed: SEED, patience: FOR_EVER })
    const { did, words } = await stays(
      () => only('visit', CONNECTIONS / 5),
      () => only('visit', CONNECTIONS),
    )
    expect(did.done).toBeGreaterThanOrEqual(CONNECTIONS)
    console.log(`short connections (seed ${SEED}): ${did.done}; before → after: ${words}`)
  },
)

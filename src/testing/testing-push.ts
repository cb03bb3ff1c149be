import { backoff, type PushClientOptions } from '../observables/index.ts'
import { createPush, type Push } from '../plugin/index.ts'
import { scriptedTechnique, type ScriptedTechnique } from './scripted-technique.ts'
import { virtualTime, type VirtualTime } from './virtual-time.ts'

/** A push plugin without a network and without waiting. */
export interface TestingPush {
  /** Install it as you would the real one: `app.use(push)`, `pinia.use(push.pinia)`. */
  push: Push
  technique: ScriptedTechnique
  time: VirtualTime
  /** @throws Error that says which connection or timer was left behind */
  expectNoLeaks(): void
}

/**
 * Everything that a test of components and stores needs: the real plugin on a scripted technique and virtual time. Waits
 * are as long as they can be, so that `time.advance(500)` always covers the first.
 *
 * @example
 * const { push, technique } = createTestingPush()
 * const wrapper = mount(Prices, { global: { plugins: [push] } })
 * technique.latest.open()
 * technique.latest.message({ symbol: 'ACME', price: 12.5 })
 */
export function createTestingPush(options: PushClientOptions = {}): TestingPush {
  const technique = scriptedTechnique()
  const time = virtualTime()
  const push = createPush({
    via: technique,
    scheduler: time,
    retry: backoff({ random: () => 1, scheduler: time }),
    base: 'http://localhost/',
    linger: 0,
    ...options,
  })
  return {
    push,
    technique,
    time,
    expectNoLeaks() {
      const open = technique.connections.filter(({ closed }) => !closed)
      if (open.length > 0) throw new Error(`${open.length} connections are open: ${open.map(({ request }) => request.url).join(', ')}`)
      if (time.pending > 0) throw new Error(`${time.pending} timers are pending`)
    },
  }
}

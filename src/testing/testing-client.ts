import {
  backoff,
  createPushClient,
  type Backend,
  type PushClient,
  type PushClientOptions,
} from '../observables/index.ts'
import { mockTechnique, type MockTechniqueOptions, type MockTechnique } from './mock-technique.ts'
import { virtualTime, type VirtualTime } from './virtual-time.ts'

export interface TestingOptions extends Omit<PushClientOptions, 'technique' | 'scheduler'> {
  /** What the mock technique can do. */
  mock?: MockTechniqueOptions
}

/** A client under a test's control. */
export interface Testing<P extends PushClient> {
  readonly push: P
  readonly technique: MockTechnique
  readonly time: VirtualTime
  /** Lets so many ms pass, then lets promises and Vue settle. `advance()`: only that. */
  advance(ms?: number): Promise<void>
  /** Throws where a connection is still open or a timer still set: call it when everything was unmounted. */
  assertNoLeaks(): void
}

// Taken now, so that promises settle under a test runner's fake timers too.
const { setTimeout } = globalThis

/**
 * What both kinds of client are wired with: a mock technique, virtual time, and a backoff that always draws half
 * of its limit (250, 500, 1000 ... ms). A connection goes with its last reader (`disconnectDelay: 0`).
 */
export function testingKit<P extends PushClient>(
  create: (options: PushClientOptions) => P,
  { mock, backend, ...options }: TestingOptions = {},
): Testing<P> {
  const time = virtualTime()
  const technique = mockTechnique({ namespace: backend?.name ?? 'standard', ...mock })
  const push = create({
    baseUrl: 'http://push.test/',
    disconnectDelay: 0,
    warnings: false,
    retry: backoff({ multiplier: 2, random: () => 0.5, scheduler: time }),
    ...options,
    ...(backend && { backend: trusting(backend) }),
    technique,
    scheduler: time,
  })
  return {
    push,
    technique,
    time,
    advance(ms = 0) {
      time.advance(ms)
      return new Promise((resolve) => setTimeout(resolve))
    },
    assertNoLeaks() {
      const open = technique.connections.filter(({ closed }) => !closed).map(({ request }) => request.url)
      if (open.length > 0) throw new Error(`${open.length} connections are still open: ${open.join(', ')}`)
      if (time.pending > 0) throw new Error(`${time.pending} timers are still set`)
    },
  }
}

/** What is missing is what a test says is, by `gap`: no proof is asked for. */
function trusting(backend: Backend): Backend {
  const { continuity: _, ...trusted } = backend
  return trusted
}

/**
 * A plain client for tests, without Vue.
 *
 * @example
 * const { push, technique, advance } = createTestingClient()
 * push.channel('/news').events$.subscribe(({ type }) => seen.push(type))
 * technique.latest.refuse(503)
 * await advance(250)
 * expect(technique.connections).toHaveLength(2)
 */
export const createTestingClient = (options?: TestingOptions): Testing<PushClient> =>
  testingKit(createPushClient, options)

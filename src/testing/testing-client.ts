import { backoff, createPushClient, type PushClient, type PushClientOptions } from '../observables/index.ts'
import { mockBackend } from './mock-backend.ts'
import type { OpenConnection } from './mock-connection.ts'
import { mockServer, type MockTechniqueOptions, type MockTechnique } from './mock-technique.ts'
import { virtualTime, type VirtualTime } from './virtual-time.ts'

export interface TestingOptions extends Omit<PushClientOptions, 'technique' | 'scheduler'> {
  /** Options of the mock technique. */
  mock?: MockTechniqueOptions
}

/** A client that is driven by the test. */
export interface Testing<P extends PushClient> {
  readonly push: P
  readonly technique: MockTechnique
  readonly time: VirtualTime
  /** Advances virtual time by `ms`, then waits until promises and Vue have settled. @default 0 */
  advance(ms?: number): Promise<void>
  /** Throws if a connection is still open, or a timer is still set. Call it after everything was unmounted. */
  assertNoLeaks(): void
}

// Read now, before a test runner installs fake timers.
const { setTimeout } = globalThis

/**
 * Creates a client with a mock technique, virtual time, and a backoff without randomness: 250, 500, 1000 ... ms. A connection
 * closes with its last reader (`disconnectDelay: 0`).
 */
export function testingKit<P extends PushClient>(
  create: (options: PushClientOptions) => P,
  { mock, backend, ...options }: TestingOptions = {},
): Testing<P> {
  const time = virtualTime()
  const { technique, connections, start } = mockServer({ namespace: backend?.name ?? 'standard', ...mock })
  const push = create({
    baseUrl: 'http://push.test/',
    disconnectDelay: 0,
    warnings: false,
    retry: backoff({ multiplier: 2, random: () => 0.5, scheduler: time }),
    ...options,
    backend: mockBackend(backend, start),
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
      const open = connections.filter(({ closed }) => !closed).map(addressOf)
      if (open.length > 0)
        throw new Error(
          `${open.length} connections are still open: ${open.join(', ')}. Unsubscribe from their channels.`,
        )
      if (time.pending > 0)
        throw new Error(`${time.pending} timers are still set. Unmount or unsubscribe what set them.`)
    },
  }
}

/** Names a connection by its URL, and the topics that are read on it. */
function addressOf({ request, topicNames }: OpenConnection): string {
  const topics = topicNames()
  return topics.length > 0 ? `${request.url} (topics: ${topics.join(', ')})` : request.url
}

/**
 * Creates a plain client for tests, without Vue.
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

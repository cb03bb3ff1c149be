import { createPush, defineChannel, fallback, longPolling, nchan, sse, webSocket, type Technique } from 'pinia-push'
import { decode } from '../src/machine.ts'

/** The preferred technique first: later ones work on more networks, and cost more. `shown` draws each connection. */
export const createLadder = (line: string, shown: (technique: Technique) => Technique) =>
  createPush({
    // Short intervals, for a demonstration.
    technique: fallback(
      { upgradeProbe: { first: 3_000, max: 6_000 } },
      ...[webSocket(), sse(), longPolling()].map(shown),
    ),
    backend: nchan(),
    baseUrl: line,
    heartbeatGrace: 2_000,
  })

export const ticks = defineChannel({ url: '/push/machine', decode })

import { createPush, defineChannel, fallback, longPolling, nchan, sse, webSocket, type Technique } from 'pinia-push'
import { decode } from '../src/machine.ts'

/** The best first: what is lower passes more networks, and costs more. `shown` draws what each one does. */
export const createLadder = (line: string, shown: (rung: Technique) => Technique) =>
  createPush({
    // A demonstration does not wait for minutes.
    technique: fallback(
      { upgradeProbe: { first: 3_000, max: 6_000 } },
      ...[webSocket(), sse(), longPolling()].map(shown),
    ),
    backend: nchan(),
    baseUrl: line,
    heartbeatGrace: 2_000,
  })

export const ticks = defineChannel({ url: '/push/machine', decode })

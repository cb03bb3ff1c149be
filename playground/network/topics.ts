import { createPush, defineChannel, fallback, hub, longPolling, sse, webSocket, type Technique } from 'pinia-push'

/** A client whose channels are topics: they share one connection, by whichever technique works. */
export const createTopics = (line: string, shown: (technique: Technique) => Technique) =>
  createPush({
    technique: fallback(
      { upgradeProbe: { first: 3_000, max: 6_000 } },
      ...[webSocket(), sse(), longPolling()].map(shown),
    ),
    backend: hub({ path: '/push/topics/' }),
    baseUrl: line,
    heartbeatGrace: 2_000,
  })

export const topic = defineChannel({
  topic: (number: number) => String(number),
  decode: (raw) => JSON.parse(raw) as { n: number },
})

import type { PushServer } from './push-server.ts'

/** The number of topics that the network page opens. */
export const TOPICS = 50

/** The time between two messages, in ms. Each topic gets one per second. */
const INTERVAL = 1_000 / TOPICS

/** How long the topics are published to after their last subscriber left, in ms: a page may be reconnecting. */
const KEPT = 60_000

/** Publishes numbered messages to each topic in turn, while a page reads them. */
export function publishTopics(hub: PushServer, state: NonNullable<PushServer['state']>): () => void {
  const numbers = Array.from({ length: TOPICS }, () => 0)
  let turn = 0
  let readAt = -Infinity

  const timer = setInterval(() => {
    const topic = `topics/${turn}`
    if ((state(topic)?.subscribers ?? 0) > 0) readAt = performance.now()
    if (performance.now() - readAt < KEPT) {
      const n = (numbers[turn] = (numbers[turn] ?? 0) + 1)
      hub.publish(topic, JSON.stringify({ n }), { contentType: 'application/json' })
    }
    turn = (turn + 1) % TOPICS
  }, INTERVAL)
  return () => clearInterval(timer)
}

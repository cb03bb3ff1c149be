import { createHub, type Hub } from '../../src/hub/index.ts'

/** The number of topics that the network page opens. */
export const TOPICS = 50

/** The time between two messages, in ms. Each topic gets one per second. */
const INTERVAL = 1_000 / TOPICS

/** How long the topics are published to after their last subscriber left, in ms: a page may be reconnecting. */
const KEPT = 60_000

/** The hub of the topics. It is one of its own, because nginx with Nchan has no topics. */
export type TopicsServer = Pick<Hub, 'handle' | 'upgrade' | 'close'>

/** Starts to publish numbered messages to each topic in turn, while a page reads them. */
export function serveTopics(): TopicsServer {
  const hub = createHub({
    path: '/push/topics/',
    // The page has another port than its network.
    allowedOrigins: ['*'],
    authorize: ({ action }) => action === 'subscribe',
  })
  const numbers = Array.from({ length: TOPICS }, () => 0)
  let turn = 0
  let readAt = -Infinity

  const timer = setInterval(() => {
    const topic = String(turn)
    if ((hub.state(topic)?.subscribers ?? 0) > 0) readAt = performance.now()
    if (performance.now() - readAt < KEPT) {
      const n = (numbers[turn] = (numbers[turn] ?? 0) + 1)
      hub.publish(topic, JSON.stringify({ n }), { contentType: 'application/json' })
    }
    turn = (turn + 1) % TOPICS
  }, INTERVAL)
  return {
    handle: hub.handle,
    upgrade: hub.upgrade,
    close() {
      clearInterval(timer)
      return hub.close()
    },
  }
}

import type { SessionPort, TopicSubscription } from '../../session/conversation.ts'

/** How a connection subscribes topics. */
export interface TopicFrames {
  /** Writes the frame that subscribes a topic, and returns whether the frame has the cursor. */
  subscribe(topic: string, cursor: string | undefined): boolean
  /** Writes the frame that unsubscribes a topic; undefined: the server has none, and sends on. */
  readonly unsubscribe: ((topic: string) => void) | undefined
  /** Whether the server acknowledges subscriptions. */
  readonly acknowledges: boolean
}

/** The topics that one connection has subscribed, and the subscriptions that share each. */
export interface TopicTable {
  add(subscription: TopicSubscription): void
  remove(id: number): void
  /** The topic of a subscription. */
  nameOf(id: number): string | undefined
  /** The server subscribed a topic. `resumed`: it resumes behind the cursor that it was sent. */
  acknowledge(topic: string, resumed: boolean, cursor: string | undefined): void
  deliver(topic: string, message: Parameters<SessionPort['message']>[1]): void
  /** Removes a topic that the server rejected or ended, and returns its subscriptions. */
  drop(topic: string): readonly number[]
  /** The topic that waits for an acknowledgement, if it is the only one. */
  readonly onlyWaiting: string | undefined
}

interface Topic {
  readonly name: string
  /** Replaced on every change, so that a delivery sees the subscriptions that it began with. */
  subscriptions: readonly Subscribed[]
  /** The cursor that the server was sent. */
  cursor: string | undefined
  /** Whether the server can resume behind it. */
  resumes: boolean
  acknowledged: boolean
  /** How many more acknowledgements may come, because the server was asked again. */
  repeats: number
  /** Whether messages of an earlier subscription may still arrive, until the server acknowledges this one. */
  readonly follows: boolean
  /** Whether such a message was dropped, which may have been one of this subscription. */
  dropped: boolean
}

interface Subscribed {
  readonly id: number
  readonly resumes: boolean
}

/** How many topics that were left are remembered. Their last messages arrive within one round trip. */
const REMEMBERED = 1_000

/** Keeps the topics of one connection. The cost of a frame does not depend on their number. */
export function topicTable(frames: TopicFrames, port: SessionPort): TopicTable {
  const topics = new Map<string, Topic>()
  const byId = new Map<number, Topic>()
  const waiting = new Set<Topic>()
  const left = new Set<string>()

  const join = (topic: Topic, id: number, resumes: boolean) => {
    byId.set(id, topic)
    topic.subscriptions = [...topic.subscriptions, { id, resumes }]
  }

  const begin = ({ id, topic: name, cursor }: TopicSubscription) => {
    const used = frames.subscribe(name, cursor)
    const follows = left.has(name)
    const resumes = used && cursor !== undefined && (frames.acknowledges || !follows)
    const topic: Topic = {
      name,
      subscriptions: [],
      cursor,
      resumes,
      acknowledged: false,
      repeats: 0,
      follows,
      dropped: false,
    }
    topics.set(name, topic)
    waiting.add(topic)
    join(topic, id, resumes)
    if (!frames.acknowledges) table.acknowledge(name, true, undefined)
  }

  /** The server did not acknowledge a topic in time, and may have received no frame. */
  const repeat = (topic: Topic, { id, cursor }: TopicSubscription) => {
    const used = frames.subscribe(topic.name, cursor)
    topic.repeats += 1
    if (topic.cursor !== cursor) {
      // The acknowledgement may be that of either cursor.
      topic.resumes = false
      topic.subscriptions = topic.subscriptions.map((each) => ({ ...each, resumes: false }))
    }
    topic.resumes &&= used
    join(topic, id, topic.resumes)
  }

  const forget = (topic: Topic) => {
    topics.delete(topic.name)
    waiting.delete(topic)
    for (const { id } of topic.subscriptions) byId.delete(id)
  }

  const leave = (topic: Topic) => {
    if (!frames.unsubscribe) return
    forget(topic)
    left.add(topic.name)
    const [oldest] = left
    if (left.size > REMEMBERED && oldest !== undefined) left.delete(oldest)
    frames.unsubscribe(topic.name)
  }

  const table: TopicTable = {
    add(subscription) {
      const { id, cursor, again = false } = subscription
      const topic = topics.get(subscription.topic)
      if (!topic) return begin(subscription)
      if (again && !topic.acknowledged) return repeat(topic, subscription)
      join(topic, id, topic.resumes && !topic.acknowledged && topic.cursor === cursor)
      if (topic.acknowledged) port.subscribed(id, { resumed: false })
    },
    remove(id) {
      const topic = byId.get(id)
      if (!topic) return
      byId.delete(id)
      topic.subscriptions = topic.subscriptions.filter((each) => each.id !== id)
      // Until the server acknowledged it, the next subscription shares it: an acknowledgement does not name which one it is of.
      if (topic.subscriptions.length === 0 && topic.acknowledged) leave(topic)
    },
    nameOf: (id) => byId.get(id)?.name,
    acknowledge(name, resumed, cursor) {
      const topic = topics.get(name)
      if (!topic) return
      const { subscriptions, acknowledged } = topic
      if (!acknowledged) {
        topic.acknowledged = true
        waiting.delete(topic)
        if (subscriptions.length === 0) return leave(topic)
        const proved = resumed && !topic.dropped
        for (const { id, resumes } of subscriptions) port.subscribed(id, { resumed: resumes && proved, cursor })
      } else if (topic.repeats > 0) {
        // The server begins again, from the cursor of the first frame.
        topic.repeats -= 1
        for (const { id } of subscriptions) port.gap(id, 'not-resumed', resumed ? undefined : cursor)
      }
    },
    deliver(name, message) {
      const topic = topics.get(name)
      if (!topic) return
      if (topic.follows && !topic.acknowledged) topic.dropped = true
      else for (const { id } of topic.subscriptions) port.message(id, message)
    },
    drop(name) {
      const topic = topics.get(name)
      if (!topic) return []
      forget(topic)
      return topic.subscriptions.map(({ id }) => id)
    },
    get onlyWaiting() {
      const [only] = waiting
      return waiting.size === 1 ? only?.name : undefined
    },
  }
  return table
}

import type { GapReason } from '../events.ts'
import type { SessionPort, TopicSubscription } from './conversation.ts'

/** How a connection subscribes topics. */
export interface TopicFrames {
  /** Writes the frame that subscribes a topic, and returns whether the frame has the cursor. */
  subscribe(topic: string, cursor: string | undefined): boolean
  /** Writes the frame that unsubscribes a topic; undefined: the server has none, and sends on. */
  readonly unsubscribe: ((topic: string) => void) | undefined
  /**
   * Whether the server acknowledges subscriptions. `first`: before it sends their messages, so that messages before it are
   * those of an earlier subscription.
   */
  readonly acknowledges: boolean | 'first'
}

/** The topics that one connection has subscribed, and the subscriptions that share each. */
export interface TopicTable {
  add(subscription: TopicSubscription): void
  remove(id: number): void
  /** The topic of a subscription. */
  nameOf(id: number): string | undefined
  /**
   * The server subscribed a topic. `resumed`: it resumes after the cursor of the request. `gap`: why messages after that
   * cursor are missing, if the server reports it.
   */
  acknowledge(topic: string, resumed: boolean, cursor: string | undefined, gap?: GapReason): void
  /** The subscriptions of a topic that the server acknowledged. */
  of(topic: string): readonly number[]
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
  readonly cursor: string | undefined
  /** Whether the server can resume behind it. */
  resumes: boolean
  acknowledged: boolean
  /** How many more acknowledgements may arrive, because the request was sent again. */
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

/** Returns a topic whose frame was written. `resumes`: the frame has the cursor. */
function newTopic(
  { cursor, resumes, follows, ...topic }: Pick<Topic, 'name' | 'cursor' | 'resumes' | 'follows'>,
  acknowledges: TopicFrames['acknowledges'],
): Topic {
  return {
    ...topic,
    cursor,
    follows,
    // Without an acknowledgement, messages of the earlier subscription cannot be distinguished from those of this one.
    resumes: resumes && cursor !== undefined && (acknowledges !== false || !follows),
    subscriptions: [],
    acknowledged: false,
    repeats: 0,
    dropped: false,
  }
}

/** Records that the frame of a topic was written once more. The acknowledgement may be that of either cursor. */
function repeated(topic: Topic, cursor: string | undefined, used: boolean): void {
  topic.repeats += 1
  if (used && topic.cursor === cursor) return
  topic.resumes = false
  topic.subscriptions = topic.subscriptions.map((each) => ({ ...each, resumes: false }))
}

/** The server subscribed a topic once more: it sends the messages behind the cursor of the first frame again. */
function beginAgain(topic: Topic, cursor: string | undefined, port: SessionPort): void {
  if (topic.repeats === 0) return
  topic.repeats -= 1
  for (const { id } of topic.subscriptions) port.gap(id, 'not-resumed', cursor)
}

/** Reports an acknowledgement to the subscriptions of a topic. `proved`: the server resumes behind the cursor. */
function reportSubscribed(
  { subscriptions }: Topic,
  proved: boolean,
  { cursor, gap }: { cursor: string | undefined; gap: GapReason | undefined },
  port: SessionPort,
): void {
  for (const { id, resumes } of subscriptions) {
    const resumed = resumes && proved
    port.subscribed(id, { resumed, cursor })
    if (gap !== undefined && resumed) port.gap(id, gap, cursor)
  }
}

/** Returns whether a message is one of this subscription, and not of an earlier one. Notes where that is not known. */
function mayBeOf(topic: Topic, acknowledges: TopicFrames['acknowledges']): boolean {
  if (topic.acknowledged) return true
  if (acknowledges === 'first') return false
  if (topic.follows) topic.dropped = true
  return !topic.follows
}

/** Adds a name to the last ones. */
function remember(names: Set<string>, name: string): void {
  names.add(name)
  const [oldest] = names
  if (names.size > REMEMBERED && oldest !== undefined) names.delete(oldest)
}

function onlyOf<T>(set: ReadonlySet<T>): T | undefined {
  const [only] = set
  return set.size === 1 ? only : undefined
}

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
    const resumes = frames.subscribe(name, cursor)
    const topic = newTopic({ name, cursor, resumes, follows: left.has(name) }, frames.acknowledges)
    topics.set(name, topic)
    waiting.add(topic)
    join(topic, id, topic.resumes)
    if (!frames.acknowledges) table.acknowledge(name, true, undefined)
  }

  /** The server did not acknowledge a topic in time, and may have received no frame. */
  const repeat = (topic: Topic, { id, cursor }: TopicSubscription) => {
    repeated(topic, cursor, frames.subscribe(topic.name, cursor))
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
    remember(left, topic.name)
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
    acknowledge(name, resumed, cursor, gap) {
      const topic = topics.get(name)
      if (!topic) return
      if (topic.acknowledged) return beginAgain(topic, resumed ? undefined : cursor, port)
      topic.acknowledged = true
      waiting.delete(topic)
      if (topic.subscriptions.length === 0) leave(topic)
      else reportSubscribed(topic, resumed && !topic.dropped, { cursor, gap }, port)
    },
    of(name) {
      const topic = topics.get(name)
      return topic?.acknowledged ? topic.subscriptions.map(({ id }) => id) : []
    },
    deliver(name, message) {
      const topic = topics.get(name)
      if (topic && mayBeOf(topic, frames.acknowledges))
        for (const { id } of topic.subscriptions) port.message(id, message)
    },
    drop(name) {
      const topic = topics.get(name)
      if (!topic) return []
      forget(topic)
      return topic.subscriptions.map(({ id }) => id)
    },
    get onlyWaiting() {
      return onlyOf(waiting)?.name
    },
  }
  return table
}

import { PushError, type Payload } from '../observables/kit.ts'
import type { Conversation } from '../observables/session/conversation.ts'
import { topicTable } from '../observables/session/topic-table.ts'
import { mockTopic, type MockTopic, type MockTopicOptions, type TopicRecord } from './mock-topic.ts'

/** The topics of one connection. */
export interface MockTopics {
  readonly conversation: Conversation
  /** Those that are read. */
  names(): readonly string[]
  /** Throws if the client never read it on this connection. */
  topic(name: string): MockTopic
}

export interface MockTopicsOptions extends Omit<MockTopicOptions, 'topic' | 'table' | 'acknowledge'> {
  readonly sends: boolean
  readonly resends: boolean
  /** Whether subscriptions and messages are acknowledged at once. Otherwise the test does it. */
  readonly acknowledges: boolean
  /** What the client sent on the connection. */
  readonly sent: Payload[]
}

/** Plays the server of a connection with topics. The test and the client's session call it directly, without frames. */
export function mockTopics({ sends, resends, acknowledges, sent, ...shared }: MockTopicsOptions): MockTopics {
  const { port, resumes, cursors } = shared
  const topics = new Map<string, TopicRecord>()

  const table = topicTable(
    {
      acknowledges: 'first',
      subscribe(name, cursor) {
        const topic = topics.get(name) ?? { name, cursor, sent: [], waiting: [], state: 'subscribing' }
        topic.cursor = cursor
        topic.state = 'subscribing'
        topics.set(name, topic)
        return resumes
      },
      unsubscribe(name) {
        const topic = topics.get(name)
        if (topic) topic.state = 'closed'
      },
    },
    port,
  )
  const acknowledge = (topic: TopicRecord) => {
    topic.state = 'open'
    table.acknowledge(topic.name, resumes, resumes ? cursors.last() : undefined)
  }
  const names = () => [...topics.values()].filter(({ state }) => state !== 'closed').map(({ name }) => name)

  return {
    conversation: {
      acknowledges: true,
      resends,
      open: () => port.ready(),
      receive: () => {},
      subscribe(subscription) {
        table.add(subscription)
        const topic = topics.get(subscription.topic)
        if (acknowledges && topic?.state === 'subscribing') acknowledge(topic)
      },
      unsubscribe: table.remove,
      send(id, data, { key }) {
        const topic = topics.get(table.nameOf(id) ?? '')
        if (!topic) throw new PushError('not-connected', 'The topic is not subscribed.')
        if (!sends) throw new PushError('send-unsupported', 'The mock server takes no messages (`sends: false`).')
        topic.sent.push(data)
        sent.push(data)
        if (acknowledges) port.acknowledged(key)
        else topic.waiting.push(key)
      },
    },
    names,
    topic(name) {
      const topic = topics.get(name)
      if (topic) return mockTopic({ ...shared, topic, table, acknowledge })
      throw new Error(`topic("${name}") failed: nothing reads it. These are read: ${names().join(', ') || 'none'}.`)
    },
  }
}

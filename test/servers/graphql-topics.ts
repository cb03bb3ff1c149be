import { createRequire } from 'node:module'

// The servers of GraphQL have this copy. Vite would load another, and a schema of one is none of the other.
const { buildSchema, GraphQLError } = createRequire(import.meta.url)('graphql') as typeof import('graphql')

/** The schema of the servers of GraphQL. */
export const schema = buildSchema(`
  type Message { text: String!, at: Int! }
  type Query { topics: Int! }
  type Subscription { messages(topic: String!, after: Int): Message! }
`)

/** The messages of one topic, and who waits for the next. */
interface Topic {
  readonly texts: string[]
  isEnded: boolean
  readonly waiting: Set<() => void>
}

/** Topics whose messages are read by subscriptions. Each keeps its messages, for subscriptions that name `after`. */
export function graphqlTopics() {
  let topics = new Map<string, Topic>()

  const topicOf = (name: string): Topic => {
    const topic = topics.get(name) ?? { texts: [], isEnded: false, waiting: new Set() }
    topics.set(name, topic)
    return topic
  }
  const wake = ({ waiting }: Topic) => {
    for (const each of waiting) each()
    waiting.clear()
  }
  const resolvers = {
    messages({ topic: name, after }: { topic: string; after?: number | null }) {
      if (name.startsWith('denied')) throw new Error('not a member')
      const topic = topicOf(name)
      let next = typeof after === 'number' ? after + 1 : topic.texts.length
      if (next > topic.texts.length) throw new GraphQLError('after', { extensions: { code: 'CURSOR_GONE' } })
      let isOpen = true
      return {
        [Symbol.asyncIterator]() {
          return this
        },
        async next() {
          while (isOpen && !topic.isEnded && next >= topic.texts.length)
            await new Promise<void>((resolve) => topic.waiting.add(resolve))
          if (!isOpen || topic.isEnded) return { done: true, value: undefined }
          const at = next
          next += 1
          return { done: false, value: { messages: { text: topic.texts[at], at } } }
        },
        return() {
          isOpen = false
          wake(topic)
          return Promise.resolve({ done: true, value: undefined })
        },
      }
    },
  }

  return {
    /** The resolvers of subscriptions. */
    resolvers,
    publish(name: string, text: string) {
      const topic = topicOf(name)
      topic.texts.push(text)
      wake(topic)
    },
    end(name: string) {
      const topic = topicOf(name)
      topic.isEnded = true
      wake(topic)
    },
    /** Forgets all topics. */
    reset: () => void (topics = new Map()),
    /** How many subscriptions wait for the next message of a topic. */
    waiting: (name: string) => topicOf(name).waiting.size,
  }
}

import { createRequire } from 'node:module'
import { useServer } from 'graphql-ws/use/ws'
import type { WebSocketServer } from 'ws'
import type { Backend } from './backend.ts'
import { serveSockets } from './socket-server.ts'

// `graphql-ws` has this copy. Vite would load another, and a schema of one is none of the other.
const { buildSchema, GraphQLError } = createRequire(import.meta.url)('graphql') as typeof import('graphql')

const schema = buildSchema(`
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

/** The official server of `graphql-transport-ws`. Each topic keeps its messages, for subscriptions that name `after`. */
export async function startGraphql(): Promise<Backend> {
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

  const started = (sockets: WebSocketServer) => {
    useServer(
      {
        schema,
        roots: { subscription: resolvers },
        onConnect: ({ connectionParams }) => connectionParams?.['Authorization'] !== 'Bearer revoked',
      },
      sockets,
    )
  }

  const server = await serveSockets({ started, path: '/graphql' })
  return {
    port: server.port,
    path: '/',
    publish(channel, { data = '' }) {
      const topic = topicOf(channel)
      topic.texts.push(data)
      wake(topic)
    },
    end(channel) {
      const topic = topicOf(channel)
      topic.isEnded = true
      wake(topic)
    },
    restart: () => server.restart(() => (topics = new Map())),
    stats: (channel) => Promise.resolve({ requests: server.requests, subscribers: topicOf(channel).waiting.size }),
    close: server.close,
  }
}

import {
  actionCable,
  centrifugo,
  defineChannel,
  graphqlWs,
  phoenix,
  pusher,
  socketIo,
  type Backend,
  type ChannelDefinition,
} from 'pinia-push/observables'
import type { TopicServerKind } from '../servers/control-client.ts'

/** A backend whose channels are topics of one connection, on a server. */
export interface TopicRow {
  /** In titles. */
  name: string
  server: TopicServerKind
  /** `url`: where the server is. */
  backend(url: string): Backend
  /** The channel of a topic. @default one whose messages are text */
  channel?: typeof topic
  /** Where the server publishes messages of a topic. */
  publishedTo(topic: string): string
  /** A topic that the server rejects; undefined: it rejects none. */
  denied?: string
  /** Whether a topic resumes after its last message, or emits a gap. */
  resumes: boolean
  /** The reply of the server to a message; undefined: it sends none. */
  reply?: (data: string) => unknown
  /** Whether the server publishes what a client sends, to that client too. */
  sends: boolean
}

/** The channel of a topic. Its messages are text. */
export const topic: ChannelDefinition<string, string, unknown> = defineChannel<string, string>({
  topic: (name: string) => name,
})

/** The same, of messages that are objects. */
const texts: typeof topic = defineChannel<string, string>({
  topic: (name: string) => name,
  decode: (raw) => (JSON.parse(raw) as { text: string }).text,
})

/** A subscription of GraphQL. */
const messages = (name: string, after?: string) => ({
  query: 'subscription ($name: String!, $after: Int) { messages(topic: $name, after: $after) { text at } }',
  variables: { name, after: after === undefined ? null : Number(after) },
})

const ofGraphql: typeof topic = defineChannel<string, string>({
  topic: (name: string) => name,
  decode: (raw) => (JSON.parse(raw) as { messages: { text: string } }).messages.text,
})

/** A channel of Action Cable. A message performs its action `speak`. */
export const room: typeof topic = defineChannel<string, string>({
  topic: (id: string) => JSON.stringify({ channel: 'RoomChannel', id }),
  decode: (raw) => (JSON.parse(raw) as { text: string }).text,
  encode: (text) => JSON.stringify({ action: 'speak', text }),
})

const named = (name: string) => name

export const topicRows: readonly TopicRow[] = [
  {
    name: 'socketIo()',
    server: 'socket.io',
    backend: () => socketIo(),
    publishedTo: named,
    resumes: false,
    sends: true,
  },
  {
    name: 'socketIo() with recovery',
    server: 'socket.io with recovery',
    backend: () => socketIo({ acknowledges: true }),
    publishedTo: named,
    resumes: true,
    sends: true,
    reply: () => 'published',
  },
  {
    name: 'socketIo() with rooms',
    server: 'socket.io with recovery',
    backend: () =>
      socketIo({
        message: (event, [room, data]) => event === 'said' && { topic: room as string, data },
        subscribe: (room) => ['join', room],
        unsubscribe: (room) => ['leave', room],
        send: (room, data) => ['say', room, data],
        acknowledges: true,
      }),
    publishedTo: (name) => `room:${name}`,
    denied: 'denied',
    resumes: true,
    sends: true,
    reply: (data) => ({ accepted: data }),
  },
  {
    name: 'pusher()',
    server: 'pusher',
    backend: (url) => pusher({ key: 'app-key', authEndpoint: `${url}broadcasting/auth` }),
    publishedTo: named,
    denied: 'private-denied',
    resumes: false,
    sends: false,
  },
  {
    name: 'phoenix()',
    server: 'phoenix',
    backend: () => phoenix({ acknowledges: true }),
    channel: texts,
    publishedTo: named,
    denied: 'denied',
    resumes: false,
    sends: true,
    reply: (accepted) => ({ accepted }),
  },
  {
    name: 'phoenix() with a cursor',
    server: 'phoenix',
    backend: () =>
      phoenix({
        params: (_, { cursor }) => ({ since: cursor }),
        cursor: (_, { at }) => at,
        resumed: ({ resumed }) => resumed,
        acknowledges: true,
      }),
    channel: texts,
    publishedTo: named,
    denied: 'denied',
    resumes: true,
    sends: true,
    reply: (accepted) => ({ accepted }),
  },
  {
    name: 'graphqlWs()',
    server: 'graphql',
    backend: () => graphqlWs({ operation: (name) => messages(name) }),
    channel: ofGraphql,
    publishedTo: named,
    denied: 'denied',
    resumes: false,
    sends: false,
  },
  {
    name: 'graphqlWs() with a cursor',
    server: 'graphql',
    backend: () =>
      graphqlWs({
        operation: (name, { cursor }) => messages(name, cursor),
        cursor: ({ messages: { at } }) => at,
      }),
    channel: ofGraphql,
    publishedTo: named,
    denied: 'denied',
    resumes: true,
    sends: false,
  },
  {
    name: 'actionCable() of Rails',
    server: 'rails',
    backend: () => actionCable(),
    channel: room,
    publishedTo: named,
    denied: 'denied',
    resumes: false,
    sends: true,
  },
  {
    name: 'actionCable() of AnyCable',
    server: 'anycable',
    backend: () => actionCable(),
    channel: room,
    publishedTo: named,
    denied: 'denied',
    resumes: true,
    sends: true,
  },
  {
    name: 'centrifugo()',
    server: 'centrifugo',
    backend: () => centrifugo(),
    publishedTo: named,
    denied: 'denied',
    resumes: true,
    sends: true,
    reply: () => undefined,
  },
]

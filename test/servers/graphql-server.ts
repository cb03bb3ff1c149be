import { useServer } from 'graphql-ws/use/ws'
import type { WebSocketServer } from 'ws'
import type { Backend } from './backend.ts'
import { graphqlTopics, schema } from './graphql-topics.ts'
import { serveSockets } from './socket-server.ts'

/** The official server of `graphql-transport-ws`. */
export async function startGraphql(): Promise<Backend> {
  const topics = graphqlTopics()
  const started = (sockets: WebSocketServer) => {
    useServer(
      {
        schema,
        roots: { subscription: topics.resolvers },
        onConnect: ({ connectionParams }) => connectionParams?.['Authorization'] !== 'Bearer revoked',
      },
      sockets,
    )
  }
  const server = await serveSockets({ started, path: '/graphql' })
  return {
    port: server.port,
    path: '/',
    publish: (channel, { data = '' }) => topics.publish(channel, data),
    end: topics.end,
    restart: () => server.restart(topics.reset),
    stats: (channel) => Promise.resolve({ requests: server.requests, subscribers: topics.waiting(channel) }),
    close: server.close,
  }
}

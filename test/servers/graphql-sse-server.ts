import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts'
import { graphqlTopics, schema } from './graphql-topics.ts'

// The copies that belong to the schema: see `graphql-topics.ts`.
const require = createRequire(import.meta.url)
const { parse } = require('graphql') as typeof import('graphql')
const { createHandler } = require('graphql-sse/lib/use/http') as typeof import('graphql-sse/lib/use/http')

export interface GraphqlSseServer extends Omit<ReturnType<typeof graphqlTopics>, 'resolvers'> {
  readonly url: string
  readonly proxy: FaultProxy
  /** The method and the token of each request. */
  readonly requests: readonly { method: string | undefined; token: string | undefined }[]
  close(): Promise<void>
}

/** The official server of GraphQL over Server-Sent Events, behind a fault proxy. */
export async function serveGraphqlSse(): Promise<GraphqlSseServer> {
  const topics = graphqlTopics()
  const requests: { method: string | undefined; token: string | undefined }[] = []
  const handler = createHandler({
    authenticate: () => '',
    onSubscribe: (_request, { query, variables }) => ({
      schema,
      document: parse(query),
      rootValue: topics.resolvers,
      variableValues: variables,
      contextValue: undefined,
    }),
  })
  const server = createServer((request, response) => {
    requests.push({ method: request.method, token: request.headers.authorization })
    void handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const proxy = await createFaultProxy({ port: (server.address() as AddressInfo).port })
  return {
    ...topics,
    url: `${proxy.url}/graphql/stream`,
    proxy,
    requests,
    async close() {
      await proxy.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

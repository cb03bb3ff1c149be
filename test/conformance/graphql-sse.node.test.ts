import { describe, expect } from 'vitest'
import { backoff, defineChannel, graphqlSse, polling, sse, type PushClientOptions } from 'pinia-push/observables'
import { serveGraphqlSse, type GraphqlSseServer } from '../servers/graphql-sse-server.ts'
import { waitFor } from '../wait-for.ts'
import { readChannel, test as base } from './fixtures.ts'

const test = base.extend<{ server: GraphqlSseServer }>({
  server: async ({}, use) => {
    const server = await serveGraphqlSse()
    await use(server)
    await server.close()
  },
})

const query = 'subscription ($topic: String!) { messages(topic: $topic) { text } }'
const variables = (topic: string) => ({ topic })
const options: PushClientOptions = { backend: graphqlSse(), retry: backoff({ initialDelay: 10, maxDelay: 10 }) }
const message = (text: string) => ({ messages: { text } })

/** How a subscription is requested: by the URL, or by the body. */
const WAYS = [
  [
    'GET',
    (url: string, topic: string) =>
      defineChannel({
        url: `${url}?${String(new URLSearchParams({ query, variables: JSON.stringify(variables(topic)) }))}`,
        technique: sse(),
      })(),
  ],
  [
    'POST',
    (url: string, topic: string) =>
      defineChannel({
        url,
        technique: sse({ method: 'POST', body: { query, variables: variables(topic) }, idempotent: true }),
      })(),
  ],
] as const

describe.for(WAYS)('a subscription by %s', ([method, subscription]) => {
  const row = { technique: () => sse() }

  test('delivers the data of each result, in order', async ({ server, client }) => {
    const reader = readChannel(client(row, options).channel(subscription(server.url, 'a')))
    await waitFor(() => expect(server.waiting('a')).toBe(1))
    for (const text of ['one', 'two', 'line\nline', '😀']) server.publish('a', text)
    await waitFor(() => expect(reader.data).toHaveLength(4))
    expect(reader.data).toEqual(['one', 'two', 'line\nline', '😀'].map(message))
    expect([reader.count('gap'), server.requests]).toEqual([0, [{ method, token: undefined }]])
  })

  test('is closed when the server completes it', async ({ server, client }) => {
    const reader = readChannel(client(row, options).channel(subscription(server.url, 'a')))
    await waitFor(() => expect(server.waiting('a')).toBe(1))
    server.publish('a', 'one')
    await waitFor(() => expect(reader.data).toHaveLength(1))
    server.end('a')
    await reader.sees('closed')
    expect([reader.count('gap'), server.requests.length]).toEqual([0, 1])
  })

  test('subscribes again after a drop, with a gap', async ({ server, client }) => {
    const reader = readChannel(client(row, options).channel(subscription(server.url, 'a')))
    await waitFor(() => expect(server.waiting('a')).toBe(1))
    server.publish('a', 'one')
    await waitFor(() => expect(reader.data).toHaveLength(1))
    server.proxy.drop()
    await reader.sees('gap')
    await waitFor(() => expect(server.waiting('a')).toBe(1))
    server.publish('a', 'two')
    await waitFor(() => expect(reader.data).toEqual([message('one'), message('two')]))
    expect(reader.count('gap')).toBe(1)
  })

  test('delivers the errors of a result as an invalid message', async ({ server, client }) => {
    const reader = readChannel(client(row, options).channel(subscription(server.url, 'denied')))
    const { error } = await reader.sees('invalid')
    expect([error.code, error.message]).toEqual(['invalid-message', expect.stringContaining('not a member')])
    await reader.sees('closed')
  })

  test('sends the token of `auth`, and ends at the server when its reader leaves', async ({ server, client }) => {
    const push = client(row, { ...options, auth: { token: () => 'good' }, disconnectDelay: 0 })
    const reader = readChannel(push.channel(subscription(server.url, 'a')))
    await waitFor(() => expect(server.waiting('a')).toBe(1))
    expect(server.requests.map(({ token }) => token)).toEqual(['Bearer good'])
    reader.leave()
    await waitFor(() => expect(server.waiting('a')).toBe(0))
  })
})

test('a request that is no subscription fails the channel', async ({ server, client }) => {
  const reader = readChannel(client({ technique: () => sse() }, options).channel(server.url))
  const { error } = await reader.sees('failed')
  expect([error.code, error.status]).toEqual(['rejected', 400])
})

test('another technique than sse() is not supported', async ({ server, client }) => {
  const reader = readChannel(client({ technique: () => polling() }, options).channel(server.url))
  const { error } = await reader.sees('failed')
  expect(error.code).toBe('unsupported')
})

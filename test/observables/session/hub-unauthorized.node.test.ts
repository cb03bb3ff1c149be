import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { filter, firstValueFrom } from 'rxjs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHub } from 'pinia-push/hub'
import {
  fallback,
  fetchStream,
  hub as hubBackend,
  longPolling,
  polling,
  sse,
  type Technique,
} from 'pinia-push/observables'
import { createHubClient } from './hub-client.ts'
import { waitFor } from '../../wait-for.ts'

const TECHNIQUES: readonly [string, () => Technique][] = [
  ['sse', () => sse()],
  ['fetchStream', () => fetchStream()],
  ['longPolling', () => longPolling()],
  ['polling', () => polling({ minInterval: 20, maxInterval: 20 })],
  ['fallback', () => fallback(sse(), longPolling())],
]

/** Starts a hub behind a server that refuses requests, and a client with numbered tokens. */
async function start(technique: Technique) {
  const hub = createHub()
  let refusedStatus: (request: IncomingMessage, token: number) => number | undefined = () => undefined
  const refused: string[] = []
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/busy/')) return void response.writeHead(503).end()
    const token = Number(/^Bearer t(\d+)$/.exec(request.headers.authorization ?? '')?.[1])
    const status = refusedStatus(request, token)
    if (status === undefined) return void hub.handle(request, response)
    refused.push(`${request.method} ${token}`)
    response.writeHead(status, { 'content-type': 'text/plain' }).end('Sign in.\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  let tokens = 0
  const options = { technique, baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  const client = createHubClient({ ...options, auth: { token: () => `t${(tokens += 1)}` } })
  const busy = createHubClient({ ...options, backend: hubBackend({ path: '/busy/' }) })
  onTestFinished(async () => {
    client.push.close()
    busy.push.close()
    await hub.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    hub,
    refused,
    read: () => client.read('a'),
    /** Which requests are refused from now on, with which status. */
    refuse: (by: typeof refusedStatus) => void (refusedStatus = by),
    tokens: () => tokens,
    /** Resolves when another client with the same policy, whose server is busy, has tried ten times. */
    anotherTriedTenTimes: () =>
      firstValueFrom(
        busy.channel('a').events$.pipe(filter((event) => event.type === 'connecting' && event.attempt === 10)),
      ),
  }
}

describe.for(TECHNIQUES)('a session by %s', ([, technique]) => {
  test.for([
    ['GET', 401],
    ['GET', 403],
    ['POST', 401],
    ['POST', 403],
  ] as const)('whose every %s is refused with %s asks for one more token, and stops', async ([method, status]) => {
    const { read, refuse, refused, tokens, anotherTriedTenTimes } = await start(technique())
    refuse((request) => (request.method === method ? status : undefined))
    const { channel, status: is } = read()
    await is('failed')
    await anotherTriedTenTimes()
    expect(channel.state.error).toMatchObject({ code: 'unauthorized', status })
    expect([refused, tokens()]).toEqual([[`${method} 1`, `${method} 2`], 2])
  })

  test.for(['GET', 'POST'] as const)('whose first %s is refused opens with the next token', async (method) => {
    const { read, refuse, refused, hub, tokens } = await start(technique())
    refuse((request, token) => (request.method === method && token === 1 ? 401 : undefined))
    const { status, story } = read()
    await status('open')
    hub.publish('a', '1')
    await waitFor(() => expect(story()).toEqual(['1']))
    expect([refused, tokens()]).toEqual([[`${method} 1`], 2])
  })

  test('whose POST is refused later publishes its message once with the next token, and loses none', async () => {
    const { read, refuse, refused, hub } = await start(technique())
    const { channel, status, story } = read()
    await status('open')
    hub.publish('a', '1')
    await waitFor(() => expect(story()).toEqual(['1']))
    refuse((request, token) => (request.method === 'POST' && token === 1 ? 401 : undefined))
    const sent = channel.send('2')
    await waitFor(() => expect(refused).toEqual(['POST 1']))
    hub.publish('a', '3')
    await sent
    await waitFor(() => expect(story().toSorted()).toEqual(['1', '2', '3']))
    expect(hub.state('a')?.messages).toBe(3)
  })

  test('whose POST is refused later and for good rejects the message, and stops', async () => {
    const { read, refuse, refused, hub, anotherTriedTenTimes } = await start(technique())
    const { channel, status } = read()
    await status('open')
    refuse((request) => (request.method === 'POST' ? 403 : undefined))
    await expect(channel.send('1')).rejects.toMatchObject({ code: 'send-aborted' })
    await anotherTriedTenTimes()
    expect(channel.state).toMatchObject({ status: 'failed', error: { code: 'unauthorized', status: 403 } })
    expect(refused).toEqual(['POST 1', 'POST 2'])
    expect(hub.state('a')?.messages ?? 0).toBe(0)
  })
})

describe.for(TECHNIQUES.filter(([name]) => name.endsWith('olling')))('a session by %s', ([, technique]) => {
  test('whose poll is refused later goes on with the next token, and loses nothing', async () => {
    const { read, refuse, refused, hub } = await start(technique())
    const { status, story } = read()
    await status('open')
    refuse((request, token) => (request.method === 'GET' && token === 1 ? 401 : undefined))
    // A long poll that waits at the hub was accepted before.
    hub.publish('a', '1')
    await waitFor(() => expect(refused).toEqual(['GET 1']))
    hub.publish('a', '2')
    await waitFor(() => expect(story()).toEqual(['1', '2']))
  })
})

import { createServer, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished } from 'vitest'
import { WebSocket, WebSocketServer, type ServerOptions } from 'ws'
import {
  PushError,
  backoff,
  createPushClient,
  defineChannel,
  fallback,
  nchan,
  standard,
  sse,
  webSocket,
  type StandardOptions,
  type PushClientOptions,
} from 'pinia-push/observables'
import { createHub, type HubOptions } from 'pinia-push/hub'
import { test } from './fixtures.ts'

const implementation = WebSocket as unknown as typeof globalThis.WebSocket
const ws = () => webSocket({ implementation })

/** Starts a WebSocket server that records the messages of each connection, and replies with `reply`. */
async function socketServer(reply: (text: string, socket: WebSocket) => void = () => {}, options: ServerOptions = {}) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, ...options })
  await once(server, 'listening')
  const inbox: string[][] = []
  server.on('connection', (socket) => {
    const own: string[] = []
    inbox.push(own)
    socket.on('message', (data: Buffer) => {
      own.push(String(data))
      reply(String(data), socket)
    })
  })
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return { server, inbox, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

/** Starts a hub. */
async function hubServer(options?: HubOptions) {
  const hub = createHub(options)
  const { url, close } = await hub.listen()
  onTestFinished(close)
  return { hub, url: `${url}/push/` }
}

function client(options: PushClientOptions) {
  const push = createPushClient({
    retry: backoff({ initialDelay: 10, maxDelay: 50 }),
    disconnectDelay: 0,
    warnings: false,
    ...options,
  })
  onTestFinished(() => push.close())
  return push
}

describe('while the connection is replaced', () => {
  test.for([
    ['webSocket', () => ws()],
    ['fallback', () => fallback(ws())],
  ] as const)('sent messages wait, and arrive once, in order (%s)', async ([, technique]) => {
    const { url } = await hubServer({ maxPublishRate: 1_000_000 })
    let prepared = 0
    const push = client({
      technique: technique(),
      backend: nchan(),
      prepareRequest: async () => {
        prepared += 1
        await new Promise(setImmediate)
        return { expiresAt: Date.now() + 1_100 }
      },
    })
    const channel = push.channel<number>(`${url}a`)
    const received: number[] = []
    const all = new Promise<void>((resolve) => {
      channel.messages$.subscribe(({ data }) => {
        received.push(data)
        if (data === -1) resolve()
      })
    })
    let next = 0
    // Until the connection was replaced three times.
    while (prepared < 4) {
      await channel.send(next)
      next += 1
      // Lets the event loop turn, so that the connection can read.
      await new Promise(setImmediate)
    }
    await channel.send(-1)
    await all
    expect(received).toEqual([...Array.from({ length: next }, (_, n) => n), -1])
  })
})

describe('by HTTP', () => {
  /** Starts a server of event streams, whose `post` responds to messages. */
  async function httpServer(post: (body: string, response: ServerResponse) => void) {
    const server = createServer((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' })
        response.write('id: 1:1\nevent: push.open\ndata: {"heartbeat": 15, "gaps": true}\n\n')
        return
      }
      let body = ''
      request.on('data', (chunk) => (body += String(chunk)))
      request.on('end', () => post(body, response))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`
  }
  const accept = (response: ServerResponse) => response.writeHead(202).end()

  test('a message times out when the server never responds, and the next one is sent', async () => {
    const posted: string[] = []
    const url = await httpServer((body, response) => {
      posted.push(body)
      if (body !== '"lost"') accept(response)
    })
    const channel = client({ technique: sse(), backend: nchan(), sendTimeout: 1_000 }).channel(url)
    channel.messages$.subscribe()
    const sends = [channel.send('lost'), channel.send('taken')]
    await expect(sends[0]).rejects.toMatchObject({ code: 'send-aborted', message: expect.stringContaining('1000 ms') })
    await sends[1]
    expect(posted).toEqual(['"lost"', '"taken"'])
  })

  test('a message is accepted when the response is, even if its body does not end', async () => {
    const url = await httpServer((_, response) => void response.writeHead(202).write('accepted'))
    const channel = client({ technique: sse(), backend: nchan() }).channel(url)
    channel.messages$.subscribe()
    await channel.send('taken')
  })

  test('close() rejects waiting messages and aborts the request', async () => {
    let asked = () => {}
    const underWay = new Promise<void>((resolve) => (asked = resolve))
    const gone = new Promise<void>((resolve) => {
      void httpServer((_, response) => {
        response.on('close', resolve)
        asked()
      }).then((url) => begin(url))
    })
    let sends: Promise<unknown>[] = []
    let close = () => {}
    const begin = (url: string) => {
      const channel = client({ technique: sse(), backend: nchan() }).channel(url)
      channel.messages$.subscribe()
      sends = [channel.send('first'), channel.send('second')]
      for (const send of sends) send.catch(() => {})
      close = () => channel.close()
    }
    await underWay
    close()
    for (const send of sends) await expect(send).rejects.toMatchObject({ code: 'send-aborted' })
    await gone
  })

  test('an expired message is not posted when `prepareRequest` resolves late, and the next one is sent', async () => {
    const posted: string[] = []
    const url = await httpServer((body, response) => {
      posted.push(body)
      accept(response)
    })
    let give = () => {}
    let asked = 0
    const prepareRequest = () =>
      (asked += 1) === 2 ? new Promise<undefined>((resolve) => (give = () => resolve(undefined))) : undefined
    const channel = client({ technique: sse(), backend: nchan(), prepareRequest, sendTimeout: 500 }).channel(url)
    const open = new Promise<void>((resolve) =>
      channel.events$.subscribe(({ type }) => void (type === 'open' && resolve())),
    )
    await open
    await expect(channel.send('lost')).rejects.toMatchObject({ code: 'send-aborted' })
    give()
    await channel.send('taken')
    expect(posted).toEqual(['"taken"'])
  })

  test('a message is not accepted when a captive portal responds to the POST', async () => {
    const url = await httpServer((_, response) =>
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Log in</h1>'),
    )
    const channel = client({ technique: sse(), backend: nchan() }).channel(url)
    channel.messages$.subscribe()
    await expect(channel.send('x')).rejects.toMatchObject({ code: 'unexpected-response' })
  })

  test('`prepareRequest` is called once until its result expires, and again after a 401', async () => {
    const tokens: string[] = []
    let refuse = false
    const url = await httpServer((body, response) => {
      if (!refuse) return accept(response)
      refuse = false
      response.writeHead(401).end(body)
    })
    const prepareRequest = () => {
      tokens.push(`t${tokens.length}`)
      return { query: { token: tokens.at(-1) ?? '' }, expiresAt: Date.now() + 3_600_000 }
    }
    const channel = client({ technique: sse(), backend: nchan(), prepareRequest }).channel(url)
    channel.messages$.subscribe()
    await Promise.all(Array.from({ length: 10 }, (_, n) => channel.send(n)))
    expect(tokens).toEqual(['t0'])
    refuse = true
    await expect(channel.send('rejected')).rejects.toMatchObject({ code: 'send-rejected', status: 401 })
    await channel.send('after')
    expect(tokens).toEqual(['t0', 't1'])
  })

  test('a 401 is retried once only if there is a `prepareRequest`', async () => {
    let requests = 0
    const server = createServer((_, response) => {
      requests += 1
      response.writeHead(401).end()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`
    const failed = (options: PushClientOptions) =>
      new Promise<number>((resolve) => {
        requests = 0
        client({ technique: sse(), ...options })
          .channel(url)
          .events$.subscribe(({ type }) => type === 'failed' && resolve(requests))
      })
    expect([await failed({}), await failed({ prepareRequest: () => ({}) })]).toEqual([1, 2])
  })
})

describe('a WebSocket server with standard()', () => {
  const open = (url: string, options: StandardOptions, more: PushClientOptions = {}) => {
    const text = defineChannel({ url, decode: (raw) => raw, encode: (word: string) => word })
    const channel = client({ technique: ws(), backend: standard(options), ...more }).channel(text())
    const received: string[] = []
    const gaps: string[] = []
    channel.events$.subscribe((event) => {
      if (event.type === 'message') received.push(event.data)
      if (event.type === 'gap') gaps.push(event.reason)
    })
    return { channel, received, gaps }
  }

  test.for<[string, NonNullable<StandardOptions['hello']>]>([
    ['a value', () => 'login'],
    ['a promise', async () => 'login'],
  ])('receives `hello` first on each connection (%s)', async ([, hello]) => {
    const { server, inbox, url } = await socketServer()
    const { channel } = open(url, { hello })
    await channel.send('early')
    await expect.poll(() => inbox).toEqual([['login', 'early']])
    for (const socket of server.clients) socket.terminate()
    await expect.poll(() => inbox.length).toBe(2)
    await channel.send('late')
    await expect
      .poll(() => inbox)
      .toEqual([
        ['login', 'early'],
        ['login', 'late'],
      ])
  })

  test('receives `hello` again on a connection that `fallback` replaces', async () => {
    const { inbox, url } = await socketServer()
    const prepareRequest = () => ({ expiresAt: Date.now() + 1_100 })
    const { channel } = open(url, { hello: () => 'login' }, { technique: fallback(ws()), prepareRequest })
    await expect.poll(() => inbox.length).toBeGreaterThan(2)
    await channel.send('x')
    await expect.poll(() => inbox.at(-1)).toEqual(['login', 'x'])
    expect(inbox.every(([first]) => first === 'login')).toBe(true)
  })

  test('a `hello` that rejects fails the attempt, and the error names the cause', async () => {
    const { url } = await socketServer()
    const channel = client({
      technique: ws(),
      backend: standard({ hello: () => Promise.reject(new Error('no token')) }),
    }).channel(url)
    const error = await new Promise<PushError>((resolve) => {
      channel.events$.subscribe((event) => 'error' in event && event.type === 'reconnecting' && resolve(event.error))
    })
    expect([error.code, error.message]).toEqual(['prepare-failed', expect.stringContaining('no token')])
  })

  test.for<[string, string, StandardOptions, string]>([
    ['a `hello` that throws a TypeError', 'failed', { hello: () => JSON.parse('null').token }, 'exception'],
    [
      'a `hello` that rejects with a ReferenceError',
      'failed',
      { hello: () => Promise.reject(new ReferenceError('token is not defined')) },
      'exception',
    ],
    ['an `answer` that throws a TypeError', 'failed', { answer: () => JSON.parse('null').pong }, 'exception'],
    [
      'a ping that throws a TypeError',
      'failed',
      { heartbeat: { send: () => JSON.parse('null').ping, every: 10 } },
      'exception',
    ],
    [
      'a `hello` that rejects like fetch when the network fails',
      'reconnecting',
      { hello: () => Promise.reject(new TypeError('Failed to fetch')) },
      'prepare-failed',
    ],
  ])('%s: the channel is %s', async ([, type, options, code]) => {
    const { server, url } = await socketServer()
    server.on('connection', (socket) => socket.send('hi'))
    const channel = client({ technique: ws(), backend: standard(options) }).channel(url)
    const ends = new Promise((resolve) => {
      channel.events$.subscribe(
        (event) =>
          (event.type === 'failed' || event.type === 'reconnecting') && resolve([event.type, event.error.code]),
      )
    })
    expect(await ends).toEqual([type, code])
  })

  test('receives replies to its pings, and neither is a message', async () => {
    const { server, inbox, url } = await socketServer()
    server.on('connection', (socket) => socket.send('ping'))
    const { received } = open(url, { answer: (frame) => (frame === 'ping' ? 'pong' : undefined) })
    await expect.poll(() => inbox).toEqual([['pong']])
    for (const socket of server.clients) socket.send('news')
    await expect.poll(() => received).toEqual(['news'])
  })

  test('receives heartbeats, and its replies are not messages', async () => {
    const { inbox, url } = await socketServer((text, socket) => socket.send(text === 'ping' ? 'pong' : text))
    const { received, channel } = open(url, { heartbeat: { send: 'ping', expect: 'pong', every: 10 } })
    await expect.poll(() => inbox[0]?.length).toBeGreaterThan(3)
    await channel.send('echo')
    await expect.poll(() => received).toEqual(['echo'])
  })

  test('is disconnected when it does not reply to a heartbeat', async () => {
    const { inbox, url } = await socketServer()
    const { gaps } = open(url, { heartbeat: { send: 'ping', expect: 'pong', every: 20, within: 50 } })
    await expect.poll(() => inbox.length).toBeGreaterThan(1)
    await expect.poll(() => gaps[0]).toBe('not-resumed')
  })

  test('is offered the subprotocols of `prepareRequest`, new for each attempt', async () => {
    const offered: string[][] = []
    const { server, url } = await socketServer(undefined, {
      handleProtocols: (protocols) => {
        offered.push([...protocols])
        return 'v1'
      },
    })
    let token = 0
    open(url, { subprotocols: ['v1'] }, { prepareRequest: () => ({ subprotocols: [`token-${(token += 1)}`] }) })
    await expect.poll(() => offered.length).toBe(1)
    await expect.poll(() => server.clients.size).toBe(1)
    for (const socket of server.clients) socket.terminate()
    await expect
      .poll(() => offered)
      .toEqual([
        ['v1', 'token-1'],
        ['v1', 'token-2'],
      ])
  })

  test.for([['secret token'], 'secret', [1], () => ['secret'], null])(
    'fails at once, and the error names the option, when `prepareRequest` gives the subprotocols %o',
    async (subprotocols) => {
      const { server, url } = await socketServer()
      const { channel } = open(url, {}, { prepareRequest: () => ({ subprotocols: subprotocols as never }) })
      await expect.poll(() => channel.status).toBe('failed')
      const { error } = channel.state
      expect(error?.code).toBe('invalid-request')
      expect(error?.message).toMatch(/`subprotocols` of `prepareRequest`/)
      expect(error?.message).not.toContain('secret')
      expect(server.clients.size).toBe(0)
    },
  )

  test('is offered a subprotocol once when the backend and `prepareRequest` both give it', async () => {
    const { server, url } = await socketServer(undefined, { handleProtocols: () => 'v1' })
    const { channel } = open(url, { subprotocols: ['v1'] }, { prepareRequest: () => ({ subprotocols: ['v1'] }) })
    await expect.poll(() => channel.status).toBe('open')
    expect(server.clients.size).toBe(1)
  })

  test.for([() => ['v1'], 'v1', [1]])('the options reject the subprotocols %o at once', (subprotocols) => {
    expect(() => standard({ subprotocols: subprotocols as never })).toThrow(
      expect.objectContaining({ code: 'invalid-option' }),
    )
  })
})

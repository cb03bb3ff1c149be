import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createHub } from 'pinia-push/hub'
import {
  backoff,
  fallback,
  longPolling,
  sse,
  webSocket,
  type AuthOptions,
  type JsonMessagesOptions,
  type PushClientOptions,
  type Technique,
} from 'pinia-push/observables'
import { virtualTime } from 'pinia-push/testing'
import { settle } from '../../walk-waits.ts'
import { start as startJson, type Frame } from './start.ts'
import { createHubClient } from './hub-client.ts'
import { waitFor } from '../../wait-for.ts'

/** How long a token lasts, in ms. */
const LIFETIME = 1_500

/** A source of tokens `1`, `2`, ... each of which expires. */
function tokens() {
  let calls = 0
  const expiry = new Map<string, number>()
  const token = async () => {
    calls += 1
    const expiresAt = Date.now() + LIFETIME
    expiry.set(String(calls), expiresAt)
    return { token: String(calls), expiresAt }
  }
  return {
    token,
    expiry,
    get calls() {
      return calls
    },
  }
}

/** Starts a hub, and a client of it that counts its WebSockets. */
async function start(auth: AuthOptions, mayDo: (token: string, action: string, channel: string) => boolean | number) {
  const asked: string[] = []
  let sockets = 0
  class Counted extends WebSocket {
    constructor(url: string, subprotocols: string[]) {
      super(url, subprotocols)
      sockets += 1
    }
  }
  const ws = () => webSocket({ implementation: Counted as unknown as typeof globalThis.WebSocket })
  const hub = createHub({
    log: () => {},
    authorize({ action, channel, headers, query }) {
      const token = headers.authorization?.replace('Bearer ', '') ?? query.get('access_token') ?? ''
      asked.push(`${action} ${channel} ${token}`)
      const decision = mayDo(token, action, channel)
      return typeof decision === 'number' ? { status: decision } : decision
    },
  })
  const { url, close } = await hub.listen()
  onTestFinished(close)
  const connect = (technique: Technique, options: PushClientOptions = {}) => {
    const { read } = createHubClient({ technique, baseUrl: url, auth, ...options })
    return (name: string) => {
      const reader = read(name)
      return { ...reader, types: () => reader.events.map(({ type }) => type).filter((type) => type !== 'message') }
    }
  }
  return {
    hub,
    ws,
    asked,
    connect,
    get sockets() {
      return sockets
    },
  }
}

describe('a token that expires while a session of the hub is open', () => {
  const TECHNIQUES: readonly [string, (ws: Technique) => Technique, number][] = [
    ['webSocket', (ws) => ws, 1],
    ['sse', () => sse(), 0],
    ['longPolling', () => longPolling(), 0],
    ['fallback', (ws) => fallback(ws, sse()), 1],
  ]

  test.for(TECHNIQUES)(
    'is replaced on the same connection by %s, without loss or repeat',
    { timeout: 30_000 },
    async ([, technique, connections]) => {
      const source = tokens()
      const served = await start(
        { token: source.token },
        (token) => (source.expiry.get(token) ?? 0) > Date.now() || 401,
      )
      const { hub, ws, asked, connect } = served
      const read = connect(technique(ws()))
      const [a, b] = [read('a'), read('b')]
      await Promise.all([a.status('open'), b.status('open')])
      const sent: string[] = []
      await waitFor(
        () => {
          sent.push(String(sent.length))
          for (const name of ['a', 'b']) hub.publish(name, sent.at(-1) ?? '')
          expect(asked).toContain('subscribe a 3')
          expect(asked).toContain('subscribe b 3')
        },
        { interval: 10 },
      )
      await waitFor(() => expect([a.data(), b.data()]).toEqual([sent, sent]))
      await a.channel.send('own')
      expect(Number(asked.findLast((line) => line.startsWith('publish'))?.split(' ')[2])).toBeGreaterThanOrEqual(3)
      for (const { types } of [a, b]) {
        expect(types()).not.toContain('gap')
        expect(types()).not.toContain('reconnecting')
      }
      expect(hub.state('a')?.subscribers).toBe(1)
      expect(served.sockets).toBe(connections)
    },
  )

  test('leaves the connection open while another one cannot be had, and is asked for again', async () => {
    const time = virtualTime()
    let calls = 0
    const token = async () => {
      calls += 1
      if (calls > 1 && calls < 6) throw new Error('The identity server is down')
      return { token: String(calls), expiresAt: time.now() + 100_000 }
    }
    const served = await start({ token }, () => true)
    const a = served.connect(served.ws(), { scheduler: time, heartbeatGrace: 1e9, retry: backoff() })('a')
    await a.status('open')
    const askedAfter = async (ms: number, count: number) => {
      time.advance(ms - 1)
      await settle()
      expect(calls).toBe(count - 1)
      time.advance(1)
      await settle()
      expect(calls).toBe(count)
    }
    // Nine tenths of what is left, three times, and then every half minute.
    await askedAfter(90_000, 2)
    await askedAfter(9_000, 3)
    await askedAfter(1_000, 4)
    await askedAfter(30_000, 5)
    await askedAfter(30_000, 6)
    await waitFor(() => expect(served.asked).toEqual(['subscribe a 1', 'subscribe a 6']))
    expect(a.types()).not.toContain('reconnecting')
    expect(served.sockets).toBe(1)
  })

  test('is given on another connection where the hub cannot replace it, and readers do not see that', async () => {
    const source = tokens()
    const served = await start({ token: source.token }, () => true)
    // The hub does not find it: no header and no parameter is equal to it.
    const token = async () => {
      const { token, expiresAt } = await source.token()
      return { token: `ö${token}`, expiresAt }
    }
    const a = served.connect(served.ws(), { auth: { token } })('a')
    await a.status('open')
    const sent: string[] = []
    await waitFor(
      () => {
        sent.push(String(sent.length))
        served.hub.publish('a', sent.at(-1) ?? '')
        expect(served.sockets).toBeGreaterThanOrEqual(3)
      },
      { interval: 10 },
    )
    await waitFor(() => expect(a.data()).toEqual(sent))
    expect(a.types()).not.toContain('gap')
    expect(a.types()).not.toContain('reconnecting')
  }, 30_000)
})

test('what `prepareRequest` returned is replaced by another connection before it expires, which readers do not see', async () => {
  const served = await start({ token: () => 'stays' }, () => true)
  let calls = 0
  const prepareRequest = () => ({ query: { ticket: String((calls += 1)) }, expiresAt: Date.now() + LIFETIME })
  const a = served.connect(served.ws(), { prepareRequest })('a')
  await a.status('open')
  await waitFor(() => expect(served.sockets).toBe(2))
  served.hub.publish('a', '1')
  await waitFor(() => expect(a.data()).toEqual(['1']))
  expect(calls).toBe(2)
  expect(a.types()).not.toContain('reconnecting')
  expect(a.types()).not.toContain('gap')
}, 20_000)

describe('a topic that is rejected with 401', () => {
  test('asks for another token once, for all topics, and is subscribed with it', async () => {
    let calls = 0
    const served = await start({ token: () => String((calls += 1)) }, (token, _, channel) =>
      channel === 'open' || token === '2' ? true : 401,
    )
    const read = served.connect(served.ws())
    const [open, a, b] = [read('open'), read('a'), read('b')]
    await Promise.all([open.status('open'), a.status('open'), b.status('open')])
    expect(calls).toBe(2)
    expect(served.sockets).toBe(1)
    expect(open.types()).not.toContain('reconnecting')
    served.hub.publish('a', '1')
    await waitFor(() => expect(a.data()).toEqual(['1']))
  })

  test.for([
    [401, 2],
    [403, 1],
  ] as const)('fails where it is %i again, and the others go on', async ([status, tokensAsked]) => {
    let calls = 0
    const served = await start({ token: () => String((calls += 1)) }, (_, __, channel) => channel === 'a' || status)
    const read = served.connect(served.ws())
    const [a, secret] = [read('a'), read('secret')]
    await Promise.all([a.status('open'), secret.status('failed')])
    expect(secret.channel.state.error).toMatchObject({ code: 'unauthorized', status })
    expect(calls).toBe(tokensAsked)
    expect(served.asked.filter((line) => line.startsWith('subscribe secret'))).toHaveLength(tokensAsked)
    expect(a.types()).not.toContain('reconnecting')
  })

  test('fails with that where no other token can be had', async () => {
    let calls = 0
    const token = () => {
      if ((calls += 1) > 1) throw new Error('signed out')
      return '1'
    }
    const served = await start({ token }, (_, __, channel) => channel === 'a' || 401)
    const read = served.connect(served.ws())
    const [a, secret] = [read('a'), read('secret')]
    await Promise.all([a.status('open'), secret.status('failed')])
    expect(secret.channel.state.error).toMatchObject({ code: 'unauthorized', status: 401 })
    expect(a.types()).not.toContain('reconnecting')
  })

  test('while it is open resumes behind its last message', async () => {
    let calls = 0
    let good = '1'
    const served = await start({ token: () => String((calls += 1)) }, (token) => Number(token) >= Number(good) || 401)
    const read = served.connect(served.ws())
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    served.hub.publish('a', '1')
    await waitFor(() => expect(a.data()).toEqual(['1']))
    good = '3'
    // A topic that joins is rejected, the second token too, and then every topic.
    const c = read('c')
    await c.status('failed')
    await waitFor(() => expect(a.types()).toContain('reconnecting'))
    served.hub.publish('a', '2')
    await a.status('open')
    await waitFor(() => expect(a.data()).toEqual(['1', '2']))
    expect([a.types(), b.types()].flat()).not.toContain('gap')
  })
})

describe('a token that expires while a declared server is open', () => {
  const declared: Partial<JsonMessagesOptions<Frame>> = {
    hello: ({ token }) => ({ op: 'login', token }),
    ready: (frame) => frame.op === 'welcome',
  }
  const logins = (frames: readonly { op: string; [field: string]: unknown }[], op = 'login') =>
    frames.flatMap((frame) => (frame.op === op ? [frame['token']] : []))

  test('is replaced in band by `refresh`', async () => {
    const source = tokens()
    const { json, read } = await startJson(
      {},
      { ...declared, refresh: (token) => ({ op: 'refresh', token }) },
      { auth: { token: source.token } },
    )
    const a = read('a')
    await a.status('open')
    await waitFor(() => expect(logins(json.frames, 'refresh')).toEqual(['2']))
    expect([json.connections, logins(json.frames)]).toEqual([1, ['1']])
  }, 20_000)

  test('is replaced by a reconnect that readers do not see, without `refresh`', async () => {
    const source = tokens()
    const { json, read } = await startJson({}, declared, { auth: { token: source.token } })
    const a = read('a')
    await a.status('open')
    const sent: number[] = []
    await waitFor(
      () => {
        sent.push(sent.length)
        json.publish('a', sent.length - 1)
        expect(logins(json.frames)).toEqual(['1', '2'])
      },
      { interval: 10 },
    )
    await a.sees(...sent)
    expect(a.gaps()).toEqual([])
    expect(a.events.map(({ type }) => type)).not.toContain('reconnecting')
  }, 20_000)

  test('leaves a connection open whose topics cannot resume', async () => {
    const source = tokens()
    const { json, read } = await startJson(
      {},
      {
        ...declared,
        message: (frame) => frame.op === 'event' && { topic: frame.topic, data: frame.data },
        subscribed: (frame) => frame.op === 'subscribed' && frame.topic,
      },
      { auth: { token: source.token } },
    )
    const a = read('a')
    await a.status('open')
    await waitFor(() => expect(source.calls).toBe(2))
    json.publish('a', 1)
    await a.sees(1)
    expect(json.connections).toBe(1)
  }, 20_000)

  test('that a topic is rejected with is replaced by `refresh`, once', async () => {
    const given = ['guest', 'member', 'none']
    const { json, read } = await startJson(
      {},
      { ...declared, refresh: (token) => ({ op: 'refresh', token }) },
      { auth: { token: () => given.shift() ?? 'none' } },
    )
    const [a, members] = [read('a'), read('members')]
    await Promise.all([a.status('open'), members.status('open')])
    expect([json.connections, given]).toEqual([1, ['none']])
  })

  test('that a topic is rejected with fails it without `refresh`', async () => {
    let calls = 0
    const { json, read } = await startJson({}, declared, { auth: { token: () => `guest${(calls += 1)}` } })
    const [a, members] = [read('a'), read('members')]
    await Promise.all([a.status('open'), members.status('failed')])
    expect(members.channel.state.error?.code).toBe('unauthorized')
    expect([json.connections, calls]).toEqual([1, 1])
  })
})

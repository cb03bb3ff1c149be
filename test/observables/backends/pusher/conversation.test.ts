import { of, type Observable } from 'rxjs'
import { describe, expect, test } from 'vitest'
import { pusherConversation } from '../../../../src/observables/backends/pusher/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start(token?: string) {
  const { port, calls } = recordedPort(({ code, status, retryAfter }) => [code, status, retryAfter])
  const asked: unknown[] = []
  const authorize = (request: unknown) => (asked.push(request), of({ auth: 'signature' }))
  const conversation = pusherConversation({ authorize, clientEvent: 'client-message' }, port, {
    token,
    clientId: 'client',
  })
  const receive = (frame: unknown) => conversation.receive(JSON.stringify(frame))
  return {
    ...conversation,
    receive,
    raw: conversation.receive,
    calls,
    asked,
    /** The server greets. Returns what asks for signatures. */
    greet(data: unknown = JSON.stringify({ socket_id: '1.2', activity_timeout: 30 })) {
      receive({ event: 'pusher:connection_established', data })
      const [[, session]] = calls() as unknown as [[string, Session]]
      return session
    },
    frames: () => calls().map((call) => JSON.parse(String((call as unknown[])[1])) as unknown),
  }
}

interface Session {
  ping: { every: number; within: number; send: () => string }
  authorizeTopic: (topic: string) => Observable<unknown> | undefined
}

/** A conversation whose topics are subscribed as 1, 2 ... */
function subscribed(...topics: string[]) {
  const talk = start()
  talk.greet()
  for (const [at, topic] of topics.entries()) {
    talk.subscribe({ id: at + 1, topic, cursor: undefined })
    talk.receive({ event: 'pusher_internal:subscription_succeeded', channel: topic, data: '{}' })
  }
  talk.calls()
  return talk
}

describe('the hello', () => {
  test('comes from the server, and states after which silence the client pings', () => {
    const talk = start()
    talk.open()
    expect(talk.calls()).toEqual([])
    const { ping } = talk.greet()
    expect([ping.every, ping.within, JSON.parse(ping.send())]).toEqual([
      30_000,
      30_000,
      { event: 'pusher:ping', data: {} },
    ])
  })

  test.for([
    [{ socket_id: '1.2', activity_timeout: 500 }, 120_000],
    [{ socket_id: '1.2' }, 120_000],
    [{ socket_id: '1.2', activity_timeout: 'x' }, 120_000],
    [{ socket_id: '1.2', activity_timeout: -5 }, 120_000],
    [{ socket_id: '1.2', activity_timeout: 0.0001 }, 1_000],
    [JSON.stringify({ socket_id: '1.2', activity_timeout: 5 }), 5_000],
  ] as const)('%j lets the client ping every %d ms', ([data, every]) => {
    expect(start().greet(data).ping.every).toBe(every)
  })

  test.for([{}, { socket_id: { toString: 1 } }])('%j names no connection', (data) => {
    const talk = start()
    talk.receive({ event: 'pusher:connection_established', data })
    expect(talk.calls()).toEqual([['refused', ['unexpected-response', undefined, undefined]]])
  })

  test('a ping of the server gets a pong', () => {
    const talk = subscribed()
    talk.receive({ event: 'pusher:ping', data: {} })
    expect(talk.frames()).toEqual([{ event: 'pusher:pong', data: {} }])
  })
})

describe('a private channel', () => {
  test('is signed for this connection, with the latest token', () => {
    const talk = start('one')
    const { authorizeTopic } = talk.greet()
    authorizeTopic('private-a')
    talk.refresh?.('two')
    authorizeTopic('presence-b')
    expect(talk.asked).toEqual([
      { topic: 'private-a', socketId: '1.2', token: 'one' },
      { topic: 'presence-b', socketId: '1.2', token: 'two' },
    ])
    expect([authorizeTopic('a'), authorizeTopic('cache-a')]).toEqual([undefined, undefined])
  })

  test('is subscribed with its signature', () => {
    const talk = subscribed()
    const authorization = { auth: 'key:1f', channel_data: '{"user_id":"a"}' }
    talk.subscribe({ id: 1, topic: 'presence-a', cursor: undefined, authorization })
    expect(talk.frames()).toEqual([{ event: 'pusher:subscribe', data: { channel: 'presence-a', ...authorization } }])
  })
})

describe('a message', () => {
  test('has the name of its event, and JSON within JSON as its data', () => {
    const talk = subscribed('a')
    talk.receive({ event: 'App\\Events\\Shipped', channel: 'a', data: '{"id":7}' })
    talk.receive({ event: 'text', channel: 'a', data: 'not JSON' })
    talk.receive({ event: 'object', channel: 'a', data: { id: 8 } })
    talk.receive({ event: 'nothing', channel: 'a' })
    expect(talk.calls()).toEqual([
      ['message', 1, { event: 'App\\Events\\Shipped', data: '{"id":7}' }],
      ['message', 1, { event: 'text', data: 'not JSON' }],
      ['message', 1, { event: 'object', data: '{"id":8}' }],
      ['message', 1, { event: 'nothing', data: 'null' }],
    ])
  })

  test('is not one of the protocol’s own events, nor of another channel', () => {
    const talk = subscribed('a')
    for (const event of ['pusher_internal:subscription_count', 'pusher_internal:member_added', 'pusher:cache_miss'])
      talk.receive({ event, channel: 'a', data: '{}' })
    talk.receive({ event: 'x', channel: 'b', data: '1' })
    for (const frame of [null, 1, [], {}, { event: 1, channel: 'a' }, { event: 'x', channel: {} }]) talk.receive(frame)
    expect(talk.calls()).toEqual([])
  })

  test('that is not JSON is unreadable for every topic', () => {
    const talk = subscribed('a')
    talk.raw('x')
    expect(talk.calls()).toEqual([['unreadable', 'x', ['invalid-message', undefined, undefined]]])
  })

  test('is sent as a client event, on a channel that allows them', () => {
    const talk = subscribed('private-a', 'b')
    talk.send(1, '{"text":"hello"}', { key: 1 })
    expect(talk.frames()).toEqual([{ event: 'client-message', channel: 'private-a', data: { text: 'hello' } }])
    expect(() => talk.send(2, '1', { key: 2 })).toThrow('clients can send to private and presence channels only')
  })
})

describe('an error', () => {
  test.for([
    [4_001, ['rejected', 4_001, undefined]],
    [4_009, ['unauthorized', 4_009, undefined]],
    [4_100, ['unavailable', 4_100, 1_000]],
    [4_201, ['unavailable', 4_201, undefined]],
  ] as const)('%d ends the connection', ([code, error]) => {
    const talk = start()
    talk.receive({ event: 'pusher:error', data: { code, message: 'said' } })
    expect(talk.calls()).toEqual([['refused', error]])
  })

  test.for([4_301, 5_000])('%d is one of a message', (code) => {
    const talk = subscribed('a')
    talk.receive({ event: 'pusher:error', data: { code, message: 'said' } })
    expect(talk.calls()).toEqual([])
  })

  test('4009 after the hello rejects the private topic that waits, if it is the only one', () => {
    const talk = subscribed('a')
    talk.subscribe({ id: 2, topic: 'private-b', cursor: undefined, authorization: { auth: 'wrong' } })
    talk.calls()
    talk.receive({ event: 'pusher:error', data: { code: '4009', message: 'said' } })
    expect(talk.calls()).toEqual([['rejected', 2, ['unauthorized', 4_009, undefined]]])
  })

  test.for([
    ['4009, while two topics wait,', ['private-b', 'private-c'], { code: 4_009 }],
    ['4009, while a public topic waits,', ['b'], { code: 4_009 }],
    ['without a code', ['private-b'], { code: null, message: 'of a client event' }],
    ['of another shape', ['private-b'], []],
  ] as const)('%s concerns an unknown request, which times out', ([, waiting, data]) => {
    const talk = subscribed('a')
    for (const [at, topic] of waiting.entries()) talk.subscribe({ id: at + 2, topic, cursor: undefined })
    talk.calls()
    talk.receive({ event: 'pusher:error', data })
    expect(talk.calls()).toEqual([])
  })

  test('of a subscription rejects its topic', () => {
    const talk = subscribed('a')
    talk.subscribe({ id: 2, topic: 'b', cursor: undefined })
    talk.calls()
    talk.receive({ event: 'pusher:subscription_error', channel: 'b', data: { error: 'no', status: 403 } })
    expect(talk.calls()).toEqual([['rejected', 2, ['unauthorized', 403, undefined]]])
  })
})

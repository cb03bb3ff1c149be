import { firstValueFrom, type Observable } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { CentrifugoOptions } from 'pinia-push/observables'
import { centrifugoConversation } from '../../../../src/observables/backends/centrifugo/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start(options: CentrifugoOptions = {}, token?: string) {
  const { port, calls } = recordedPort()
  const conversation = centrifugoConversation(options, port, { token, clientId: 'client' })
  conversation.open()
  return {
    ...conversation,
    calls,
    refreshing: () => conversation.refresh,
    raw: conversation.receive,
    receive: (...frames: unknown[]) => conversation.receive(frames.map((frame) => JSON.stringify(frame)).join('\n')),
  }
}

/** A conversation that is ready. */
function connected(options?: CentrifugoOptions, result: object = {}) {
  const talk = start(options)
  talk.receive({ id: 1, connect: { ping: 25, pong: true, ...result } })
  talk.calls()
  return talk
}

/** A conversation whose topic `a` is subscribed as 1, at the offset 2 of the epoch `e`. */
function subscribed() {
  const talk = connected()
  talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
  talk.receive({ id: 2, subscribe: { recoverable: true, epoch: 'e', offset: 2 } })
  talk.calls()
  return talk
}

const written = (id: number, method: string, params: object) => ['write', JSON.stringify({ id, [method]: params })]
const push = (data: unknown, offset?: number) => ({ push: { channel: 'a', pub: { data, offset } } })
const message = (data: string, cursor?: string) => ['message', 1, { event: 'message', data, cursor }]

describe('the connection', () => {
  test('connects with the token and the data, and waits for the ping that the server announces', () => {
    const talk = start({ data: ({ token }) => ({ of: token }) }, 'secret')
    talk.receive({ id: 1, connect: { ping: 25, pong: true } })
    expect(talk.calls()).toEqual([
      written(1, 'connect', { token: 'secret', data: { of: 'secret' }, name: 'pinia-push' }),
      ['ready', { heartbeat: 35_000, authorizeTopic: undefined }],
    ])
  })

  test('does not connect if the data is a promise', () => {
    expect(() => start({ data: () => Promise.resolve(1) })).toThrow('is async')
  })

  test.for([
    [true, [['write', '{}']]],
    [false, []],
  ] as const)('replies to a ping if the server asks for it: %s', ([pong, expected]) => {
    const talk = start()
    talk.receive({ id: 1, connect: { ping: 25, pong } })
    talk.calls()
    talk.receive({})
    expect(talk.calls()).toEqual(expected)
  })

  test.for([
    [{ code: 101 }, 'unauthorized'],
    [{ code: 109, temporary: true }, 'unauthorized'],
    [{ code: 100 }, 'unavailable'],
    [{ code: 111 }, 'unavailable'],
    [{ code: 42, temporary: true }, 'unavailable'],
    [{ code: 103 }, 'rejected'],
    [{}, 'rejected'],
  ] as const)('that the server rejects with %j is %s', ([error, code]) => {
    const talk = start()
    talk.calls()
    talk.receive({ id: 1, error })
    expect(talk.calls()).toEqual([['refused', code]])
  })

  test('sends another token, and reports if it is rejected', () => {
    const talk = connected({}, { expires: true, ttl: 60 })
    talk.refreshing()?.('two')
    talk.receive({ id: 2, refresh: {} })
    talk.refreshing()?.('three')
    talk.receive({ id: 3, error: { code: 109 } })
    expect(talk.calls()).toEqual([
      written(2, 'refresh', { token: 'two' }),
      written(3, 'refresh', { token: 'three' }),
      ['refreshRejected'],
    ])
  })

  test('sends no token to a server that renews it by itself', () => {
    expect(connected().refreshing()).toBeUndefined()
  })

  test('reads several replies of one frame, and one that cannot be read does not affect the others', () => {
    const talk = subscribed()
    talk.raw(`${JSON.stringify(push(1, 3))}\nx\n${JSON.stringify(push(2, 4))}\n`)
    expect(talk.calls()).toEqual([message('1', '3:e'), ['unreadable', 'x', 'invalid-message'], message('2', '4:e')])
  })

  test('ignores frames of another shape', () => {
    const talk = subscribed()
    talk.receive(
      { id: 'x' },
      { id: 99, subscribe: {} },
      { push: null },
      { push: { channel: 1, pub: {} } },
      { push: { channel: 'other', pub: { data: 1, offset: 3 } } },
      { push: { channel: 'a', join: {} } },
      { push: { channel: 'other', unsubscribe: { code: 2_000 } } },
    )
    expect(talk.calls()).toEqual([])
  })
})

describe('a topic', () => {
  test('states its position when it is subscribed, and each publication moves it', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ id: 2, subscribe: { recoverable: true, epoch: 'e', offset: 2 } }, push({ text: 'x' }, 3))
    talk.unsubscribe(1)
    expect(talk.calls()).toEqual([
      written(2, 'subscribe', { channel: 'a' }),
      ['subscribed', 1, { resumed: false, cursor: '2:e' }],
      message('{"text":"x"}', '3:e'),
      written(3, 'unsubscribe', { channel: 'a' }),
    ])
  })

  test('of a channel without history has no position', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ id: 2, subscribe: {} }, push(1), push(1))
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: false, cursor: undefined }],
      message('1'),
      message('1'),
    ])
  })

  test('of an empty history begins at 0, and an epoch may have any characters', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ id: 2, subscribe: { positioned: true, epoch: 'a:b' } }, push(1, 1))
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: false, cursor: '0:a:b' }],
      message('1', '1:a:b'),
    ])
    talk.unsubscribe(1)
    talk.subscribe({ id: 2, topic: 'a', cursor: '1:a:b' })
    expect(talk.calls()[1]).toEqual(written(4, 'subscribe', { channel: 'a', recover: true, offset: 1, epoch: 'a:b' }))
  })

  test('resumes with the publications that the server recovered', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: '2:e' })
    const publications = [
      { data: 1, offset: 3 },
      { data: 2, offset: 4 },
    ]
    const reply = { recoverable: true, epoch: 'e', offset: 2, recovered: true, was_recovering: true, publications }
    talk.receive({ id: 2, subscribe: reply }, push(3, 5))
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      message('1', '3:e'),
      message('2', '4:e'),
      message('3', '5:e'),
    ])
  })

  test.for([
    ['the server did not recover it', { epoch: 'e', recovered: false }],
    ['the server does not say so', { epoch: 'e' }],
    ['its epoch is another', { epoch: 'f', recovered: true }],
  ] as const)('does not resume if %s', ([, { epoch, ...reply }]) => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: '2:e' })
    talk.receive({ id: 2, subscribe: { ...reply, recoverable: true, epoch, offset: 9 } }, push(1, 10))
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: false, cursor: `9:${epoch}` }],
      message('1', `10:${epoch}`),
    ])
  })

  test('drops a publication that is repeated; the server may leave some out', () => {
    const talk = subscribed()
    talk.receive(push(1, 3), push(1, 3), push(0, 2), push(2, 6), push(3))
    expect(talk.calls()).toEqual([message('1', '3:e'), message('2', '6:e'), message('3', '6:e')])
  })

  test('reports what is missing from the reply, as with cache recovery', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: '2:e' })
    const publications = [{ data: 1, offset: 9 }]
    talk.receive({ id: 2, subscribe: { recoverable: true, epoch: 'e', offset: 2, recovered: true, publications } })
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      ['gap', 1, 'sequence'],
      message('1', '9:e'),
    ])
  })

  test('begins with the last publication if cache recovery has another epoch', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: '500:e' })
    const publications = [{ data: 1, offset: 1 }]
    const reply = { recoverable: true, epoch: 'f', offset: 500, recovered: true, publications }
    talk.receive({ id: 2, subscribe: reply }, push(2, 2))
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: false, cursor: '0:f' }],
      message('1', '1:f'),
      message('2', '2:f'),
    ])
  })

  test.for(['5', 'e:5', '1.5:e', '-1:e', ':e', ''])('does not send the cursor %j, which has no position', (cursor) => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor })
    expect(talk.calls()).toEqual([written(2, 'subscribe', { channel: 'a' })])
  })

  test('without a name is not sent', () => {
    const talk = connected()
    expect(() => talk.subscribe({ id: 1, topic: '', cursor: undefined })).toThrow('empty')
    expect(talk.calls()).toEqual([])
  })

  test('waits for the reply to its first command, while the server reserves the channel', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: '2:e' })
    talk.subscribe({ id: 2, topic: 'a', cursor: '2:e', again: true })
    talk.calls()
    talk.receive({ id: 3, error: { code: 105 } })
    expect(talk.calls()).toEqual([])
    const publications = [{ data: 1, offset: 3 }]
    talk.receive({ id: 2, subscribe: { recoverable: true, epoch: 'e', offset: 2, recovered: true, publications } })
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 2, { resumed: true, cursor: undefined }],
      message('1', '3:e'),
      ['message', 2, { event: 'message', data: '1', cursor: '3:e' }],
    ])
  })

  test('is not affected by the unsubscription of an earlier one', () => {
    const talk = subscribed()
    talk.unsubscribe(1)
    talk.subscribe({ id: 2, topic: 'a', cursor: undefined })
    talk.calls()
    talk.receive({ push: { channel: 'a', unsubscribe: { code: 2_500 } } }, { id: 4, subscribe: {} })
    expect(talk.calls()).toEqual([['subscribed', 2, { resumed: false, cursor: undefined }]])
  })

  test('that is left and read again by a handler gets the rest by its own reply', () => {
    const { port, calls } = recordedPort()
    let leave = () => {}
    const talk = centrifugoConversation(
      {},
      { ...port, message: (...values) => (port.message(...values), leave()) },
      { token: undefined, clientId: 'client' },
    )
    const receive = (frame: object) => talk.receive(JSON.stringify(frame))
    talk.open()
    receive({ id: 1, connect: {} })
    talk.subscribe({ id: 1, topic: 'a', cursor: '2:e' })
    leave = () => {
      leave = () => {}
      talk.unsubscribe(1)
      talk.subscribe({ id: 2, topic: 'a', cursor: '3:e' })
    }
    const [five, six] = [3, 4].map((offset) => ({ data: offset, offset }))
    const reply = { recoverable: true, epoch: 'e', recovered: true }
    receive({ id: 2, subscribe: { ...reply, offset: 2, publications: [five, six] } })
    receive({ id: 4, subscribe: { ...reply, offset: 3, publications: [six] } })
    expect((calls() as unknown[][]).filter(([name]) => name === 'message')).toEqual([
      message('3', '3:e'),
      ['message', 2, { event: 'message', data: '4', cursor: '4:e' }],
    ])
  })

  test('that is subscribed again before the reply is opened by the first reply', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: '2:e' })
    talk.subscribe({ id: 2, topic: 'a', cursor: '2:e', again: true })
    talk.receive(
      { id: 2, subscribe: { recoverable: true, epoch: 'e', offset: 2, recovered: true } },
      { id: 3, error: { code: 105 } },
      push(1, 3),
    )
    expect(talk.calls().slice(2)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      ['subscribed', 2, { resumed: true, cursor: undefined }],
      message('1', '3:e'),
      ['message', 2, { event: 'message', data: '1', cursor: '3:e' }],
    ])
  })

  test('that the server subscribed by itself is open, and does not resume', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ id: 2, error: { code: 105 } })
    expect(talk.calls().slice(1)).toEqual([['subscribed', 1, { resumed: false, cursor: undefined }]])
  })

  test.for([
    [{ code: 103 }, 'rejected'],
    [{ code: 101 }, 'unauthorized'],
    [{ code: 109 }, 'unavailable'],
    [{ code: 111 }, 'unavailable'],
  ] as const)('that the server rejects with %j is %s', ([error, code]) => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.calls()
    talk.receive({ id: 2, error })
    expect(talk.calls()).toEqual([['rejected', 1, code]])
  })

  test.for([
    [2_000, 'rejected'],
    [2_500, 'unavailable'],
    [undefined, 'rejected'],
  ] as const)('that the server unsubscribes with %s is %s', ([code, expected]) => {
    const talk = subscribed()
    talk.receive({ push: { channel: 'a', unsubscribe: { code } } })
    expect(talk.calls()).toEqual([['rejected', 1, expected]])
  })

  test('that was left ignores the replies of then', () => {
    const talk = connected()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.unsubscribe(1)
    talk.calls()
    talk.receive({ id: 2, subscribe: { recoverable: true, epoch: 'e' } }, push(1, 1))
    expect(talk.calls()).toEqual([written(3, 'unsubscribe', { channel: 'a' })])
  })
})

describe('a subscription token', () => {
  /** Requests the token of the topic `a`, as the session does. */
  function authorized(subscriptionToken: CentrifugoOptions['subscriptionToken']) {
    const talk = start(subscriptionToken && { subscriptionToken }, 'secret')
    talk.calls()
    talk.receive({ id: 1, connect: {} })
    const [[, { authorizeTopic }]] = talk.calls() as unknown as [
      [string, { authorizeTopic: (topic: string) => Observable<unknown> }],
    ]
    return { talk, request: () => firstValueFrom(authorizeTopic('a')) }
  }

  test('is requested for each topic, and sent with its subscription', async () => {
    const { talk, request } = authorized(({ topic, token }) => Promise.resolve(`${topic} of ${token}`))
    const authorization = await request()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined, authorization })
    expect(talk.calls()).toEqual([written(2, 'subscribe', { channel: 'a', token: 'a of secret' })])
  })

  test('may be absent', async () => {
    expect(await authorized(() => undefined).request()).toBeUndefined()
  })

  test.for([
    [() => Promise.reject(new Error('no')), 'unavailable'],
    [() => 1 as unknown as string, 'invalid-option'],
  ] as const)('that fails is an error with the name of the topic: %s', async ([subscriptionToken, code]) => {
    await expect(authorized(subscriptionToken).request()).rejects.toMatchObject({
      code,
      message: expect.stringContaining('"a"'),
    })
  })
})

describe('a message', () => {
  test('is published, and accepted or rejected by the server', () => {
    const talk = subscribed()
    talk.send(1, '{"text":"x"}', { key: 7 })
    talk.send(1, '1', { key: 8 })
    talk.receive({ id: 3, publish: {} }, { id: 4, error: { code: 103 } })
    expect(talk.calls()).toEqual([
      written(3, 'publish', { channel: 'a', data: { text: 'x' } }),
      written(4, 'publish', { channel: 'a', data: 1 }),
      ['acknowledged', 7],
      ['sendRejected', 8, 'send-rejected'],
    ])
  })

  test('cannot be bytes', () => {
    expect(() => subscribed().send(1, new Uint8Array(1), { key: 1 })).toThrow('JSON frames cannot contain bytes')
  })
})

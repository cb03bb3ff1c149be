import { describe, expect, test } from 'vitest'
import type { GraphqlWsOptions } from 'pinia-push/observables'
import { graphqlWsConversation } from '../../../../src/observables/backends/graphql-ws/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

const QUERY = 'subscription { prices }'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start(options: GraphqlWsOptions = {}, token?: string) {
  const { port, calls } = recordedPort()
  const conversation = graphqlWsConversation(options, port, { token, clientId: 'client' })
  conversation.open()
  return {
    ...conversation,
    calls,
    raw: conversation.receive,
    receive: (frame: unknown) => conversation.receive(JSON.stringify(frame)),
  }
}

/** A conversation whose topic is subscribed as 1. */
function subscribed(options?: GraphqlWsOptions, topic = QUERY) {
  const talk = start(options)
  talk.receive({ type: 'connection_ack' })
  talk.subscribe({ id: 1, topic, cursor: undefined })
  talk.receive({ type: 'pong' })
  talk.calls()
  return talk
}

describe('the hello', () => {
  test.for([
    [{}, undefined, { type: 'connection_init' }],
    [{}, 'secret', { type: 'connection_init', payload: { Authorization: 'Bearer secret' } }],
    [{ connectionParams: () => ({ key: 1 }) }, 'secret', { type: 'connection_init', payload: { key: 1 } }],
  ] satisfies [GraphqlWsOptions, string | undefined, object][])(
    'with %j and the token %j is %j',
    ([options, token, frame]) => {
      const [[, written]] = start(options, token).calls() as unknown as [[string, string]]
      expect(JSON.parse(written)).toEqual(frame)
    },
  )

  test.for([() => Promise.resolve({}), () => 'text', () => []])('is not sent if %s returns it', (connectionParams) => {
    expect(() => start({ connectionParams: connectionParams as never })).toThrow(/connectionParams/)
  })

  test('is done when the server acknowledged it, and the client pings from then on', () => {
    const talk = start()
    talk.calls()
    talk.receive({ type: 'connection_ack', payload: {} })
    expect(talk.calls()).toEqual([['ready', { ping: { every: 20_000, within: 10_000, send: expect.any(Function) } }]])
  })

  test('a ping gets a pong with its payload', () => {
    const talk = subscribed()
    talk.receive({ type: 'ping', payload: { at: 1 } })
    talk.receive({ type: 'ping' })
    expect(talk.calls()).toEqual([
      ['write', '{"type":"pong","payload":{"at":1}}'],
      ['write', '{"type":"pong"}'],
    ])
  })
})

describe('a subscription', () => {
  test.for([
    [QUERY, { query: QUERY }],
    [`{ prices }`, { query: '{ prices }' }],
    [JSON.stringify({ query: QUERY, variables: { id: 1 } }), { query: QUERY, variables: { id: 1 } }],
    [JSON.stringify({ query: QUERY }, undefined, 2), { query: QUERY }],
  ] as const)('of the topic %s has its operation', ([topic, payload]) => {
    const talk = start()
    talk.calls()
    talk.subscribe({ id: 1, topic, cursor: undefined })
    const [[, written], ping] = talk.calls() as unknown as [[string, string], unknown]
    expect([JSON.parse(written), ping]).toEqual([
      { type: 'subscribe', id: '1', payload },
      ['write', '{"type":"ping","payload":{"id":"1"}}'],
    ])
  })

  test('is open when the server replied to the ping after it, and no other', () => {
    const talk = start()
    talk.receive({ type: 'connection_ack' })
    const [, [, { ping }]] = talk.calls() as unknown as [unknown, [string, { ping: { send: () => string } }]]
    ping.send()
    talk.subscribe({ id: 1, topic: QUERY, cursor: undefined })
    talk.calls()
    talk.receive({ type: 'pong' })
    expect(talk.calls()).toEqual([])
    talk.receive({ type: 'pong' })
    expect(talk.calls()).toEqual([['subscribed', 1, { resumed: false, cursor: undefined }]])
    talk.receive({ type: 'pong' })
    expect(talk.calls()).toEqual([])
  })

  test('is open with its first result, if that is earlier', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: QUERY, cursor: undefined })
    talk.calls()
    talk.receive({ type: 'next', id: '1', payload: { data: 1 } })
    talk.receive({ type: 'pong' })
    expect((talk.calls() as [string][]).map(([name]) => name)).toEqual(['subscribed', 'message'])
  })

  const RESUMING: GraphqlWsOptions = { operation: (query, { cursor }) => ({ query, variables: { after: cursor } }) }

  test('resumes if its operation has the cursor', () => {
    const talk = start(RESUMING)
    talk.subscribe({ id: 1, topic: QUERY, cursor: '7' })
    talk.calls()
    talk.receive({ type: 'pong' })
    expect(talk.calls()).toEqual([['subscribed', 1, { resumed: true, cursor: undefined }]])
  })

  const GONE = [{ message: 'too old', extensions: { code: 'CURSOR_GONE' } }]

  test.for([
    ['before the pong', false],
    ['after the pong', true],
  ] as const)('begins without a cursor that the server no longer has: %s', ([, isOpen]) => {
    const talk = start(RESUMING)
    talk.subscribe({ id: 1, topic: QUERY, cursor: '7' })
    if (isOpen) talk.receive({ type: 'pong' })
    talk.calls()
    talk.receive({ type: 'error', id: '1', payload: GONE })
    if (!isOpen) talk.receive({ type: 'pong' })
    talk.receive({ type: 'pong' })
    const again = ['write', JSON.stringify({ type: 'subscribe', id: '2', payload: { query: QUERY, variables: {} } })]
    const ping = ['write', '{"type":"ping","payload":{"id":"2"}}']
    expect(talk.calls()).toEqual(
      isOpen
        ? [['moved', 1, ''], again, ping, ['gap', 1, 'not-resumed']]
        : [again, ping, ['subscribed', 1, { resumed: false, cursor: undefined }]],
    )
    talk.receive({ type: 'next', id: '2', payload: { data: 1 } })
    expect(talk.calls()).toMatchObject([['message', 1, { data: '1' }]])
  })

  test('without a cursor is rejected by that error', () => {
    const talk = subscribed(RESUMING)
    talk.receive({ type: 'error', id: '1', payload: GONE })
    expect(talk.calls()).toEqual([['rejected', 1, 'rejected']])
  })

  test('that is repeated is completed first, so that no result arrives twice', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: QUERY, cursor: undefined })
    talk.unsubscribe(1)
    talk.calls()
    talk.subscribe({ id: 2, topic: QUERY, cursor: undefined, again: true })
    expect(talk.calls()[0]).toEqual(['write', '{"type":"complete","id":"1"}'])
    talk.receive({ type: 'next', id: '1', payload: { data: 1 } })
    talk.receive({ type: 'next', id: '2', payload: { data: 2 } })
    expect((talk.calls() as [string][]).filter(([name]) => name === 'message')).toHaveLength(1)
  })

  test('is completed when it is left, and later results are ignored', () => {
    const talk = subscribed()
    talk.unsubscribe(1)
    expect(talk.calls()).toEqual([['write', '{"type":"complete","id":"1"}']])
    talk.subscribe({ id: 2, topic: QUERY, cursor: undefined })
    talk.receive({ type: 'pong' })
    talk.calls()
    talk.receive({ type: 'next', id: '1', payload: { data: 1 } })
    talk.receive({ type: 'complete', id: '1' })
    talk.receive({ type: 'next', id: '2', payload: { data: 2 } })
    expect(talk.calls()).toEqual([['message', 2, { event: 'message', data: '2', cursor: undefined, error: undefined }]])
  })

  test('ends when the server completes it', () => {
    const talk = subscribed()
    talk.receive({ type: 'complete', id: '1' })
    expect(talk.calls()).toEqual([['ended', 1]])
  })

  test.for([
    ['an error', { type: 'error', payload: [{ message: 'Unknown field' }] }, 'rejected'],
    ['a request error', { type: 'next', payload: { errors: [{ message: 'Unknown field' }] } }, 'rejected'],
    [
      'a missing token',
      { type: 'error', payload: [{ message: 'Unknown field', extensions: { code: 'UNAUTHENTICATED' } }] },
      'unauthorized',
    ],
  ] as const)('is rejected by %s, with its message', ([, frame, code]) => {
    const { port, calls } = recordedPort((error) => error)
    const talk = graphqlWsConversation({}, port, { token: undefined, clientId: 'client' })
    talk.subscribe({ id: 1, topic: QUERY, cursor: undefined })
    calls()
    talk.receive(JSON.stringify({ ...frame, id: '1' }))
    talk.receive('{"type":"complete","id":"1"}')
    const reports = (calls() as [string][]).filter(([name]) => name !== 'write')
    expect(reports).toMatchObject([['rejected', 1, { code, message: expect.stringContaining('Unknown field') }]])
  })

  test('that the server rejected with a result is completed', () => {
    const talk = subscribed()
    talk.receive({ type: 'next', id: '1', payload: { errors: [{ message: 'no' }] } })
    expect(talk.calls()).toEqual([
      ['write', '{"type":"complete","id":"1"}'],
      ['rejected', 1, 'rejected'],
    ])
  })

  test('that is rejected with what cannot be shown is rejected', () => {
    const talk = subscribed()
    talk.raw(`{"type":"error","id":"1","payload":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)
    expect(talk.calls()).toEqual([['rejected', 1, 'rejected']])
  })

  test.for<[string, unknown]>([
    ['undefined', undefined],
    ['a promise', Promise.resolve({ query: QUERY })],
    ['text', QUERY],
    ['another query', { query: 1 }],
    ['other variables', { query: QUERY, variables: 'id' }],
  ])('is not sent if its operation is %s', ([, operation]) => {
    const talk = start({ operation: () => operation as never })
    talk.calls()
    expect(() => talk.subscribe({ id: 1, topic: QUERY, cursor: undefined })).toThrow(/The operation of topic/)
    expect(talk.calls()).toEqual([])
  })

  test.for(['{"query"', '{"variables":{}}'])('is not sent if its topic is %s', (topic) => {
    const talk = start()
    talk.calls()
    expect(() => talk.subscribe({ id: 1, topic, cursor: undefined })).toThrow(/topic/)
    expect(talk.calls()).toEqual([])
  })

  test('resumes only if the cursor is part of its operation', () => {
    const talk = start({ operation: (query, { cursor }) => ({ query, variables: { isLater: cursor !== '7' } }) })
    talk.subscribe({ id: 1, topic: QUERY, cursor: '8' })
    talk.calls()
    talk.receive({ type: 'pong' })
    expect(talk.calls()).toEqual([['subscribed', 1, { resumed: false, cursor: undefined }]])
  })

  test('is open by the pong to its own ping, although others come first', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: QUERY, cursor: undefined })
    talk.subscribe({ id: 2, topic: 'subscription { other }', cursor: undefined })
    talk.calls()
    talk.receive({ type: 'pong', payload: { id: '2' } })
    talk.receive({ type: 'pong' })
    talk.receive({ type: 'pong', payload: { id: '1' } })
    expect((talk.calls() as unknown[][]).map(([name, id]) => [name, id])).toEqual([
      ['subscribed', 2],
      ['subscribed', 1],
    ])
  })

  test('cannot send', () => {
    expect(() => subscribed().send(1, '1', { key: 1 })).toThrow('a GraphQL subscription only receives')
  })
})

describe('a result', () => {
  test('is a message, with its cursor', () => {
    const talk = subscribed({ cursor: (data) => data?.at })
    talk.receive({ type: 'next', id: '1', payload: { data: { at: 5 } } })
    expect(talk.calls()).toEqual([
      ['message', 1, { event: 'message', data: '{"at":5}', cursor: '5', error: undefined }],
    ])
  })

  test('with errors is an invalid message, with what it has', () => {
    const talk = subscribed()
    const payload = { data: null, errors: [{ message: 'no price' }] }
    talk.receive({ type: 'next', id: '1', payload })
    expect(talk.calls()).toMatchObject([
      [
        'message',
        1,
        {
          data: JSON.stringify(payload),
          cursor: undefined,
          error: { code: 'invalid-message', message: expect.stringContaining('no price') },
        },
      ],
    ])
  })

  test('with an empty list of errors is complete', () => {
    const talk = subscribed()
    talk.receive({ type: 'next', id: '1', payload: { data: 1, errors: [] } })
    expect(talk.calls()).toMatchObject([['message', 1, { data: '1' }]])
  })

  test.for([{ hasNext: false }, {}, null])('without data, %j, is an invalid message', (payload) => {
    const talk = subscribed()
    talk.receive({ type: 'next', id: '1', payload })
    expect(talk.calls()).toMatchObject([['message', 1, { error: { code: 'invalid-message' } }]])
  })

  test.for([{ id: 1 }, Promise.resolve(1), NaN, true])('whose cursor is %s is an invalid message', (cursor) => {
    const talk = subscribed({ cursor: () => cursor as never })
    talk.receive({ type: 'next', id: '1', payload: { data: 1 } })
    expect(talk.calls()).toMatchObject([['message', 1, { cursor: undefined, error: { code: 'invalid-message' } }]])
  })

  test('whose cursor cannot be read is an invalid message', () => {
    const talk = subscribed({ cursor: (data) => data.a.b })
    talk.receive({ type: 'next', id: '1', payload: { data: {} } })
    expect(talk.calls()).toMatchObject([['message', 1, { error: { code: 'invalid-message' } }]])
  })

  test.for(['x', ''])('%j is unreadable for every topic', (frame) => {
    const talk = subscribed()
    talk.raw(frame)
    expect(talk.calls()).toEqual([['unreadable', frame, 'invalid-message']])
  })

  test('is not a frame of another shape', () => {
    const talk = subscribed()
    for (const frame of [null, 1, [], {}, { type: 'next', id: 'x' }, { type: 'next', id: {} }, { type: 'ka' }])
      talk.receive(frame)
    expect(talk.calls()).toEqual([])
  })
})

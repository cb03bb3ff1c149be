import { describe, expect, test } from 'vitest'
import type { PhoenixOptions } from 'pinia-push/observables'
import { phoenixConversation } from '../../../../src/observables/backends/phoenix/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start(options: PhoenixOptions = {}, token?: string) {
  const { port, calls } = recordedPort()
  const conversation = phoenixConversation(options, port, { token, clientId: 'client' })
  conversation.open()
  const [[, session]] = calls() as unknown as [
    [string, { ping: { every: number; within: number; send: () => unknown } }],
  ]
  return {
    ...conversation,
    calls,
    ping: session.ping,
    raw: conversation.receive,
    receive: (...frame: unknown[]) => conversation.receive(JSON.stringify(frame)),
  }
}

/** A conversation whose topic `a` is subscribed as 1. */
function joined(options?: PhoenixOptions) {
  const talk = start(options)
  talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
  talk.receive('1', '1', 'a', 'phx_reply', { status: 'ok', response: {} })
  talk.calls()
  return talk
}

test('the client sends heartbeats, and their replies are no messages', () => {
  const talk = joined()
  expect([talk.ping.every, talk.ping.within, talk.ping.send()]).toEqual([
    30_000,
    10_000,
    '[null,"2","phoenix","heartbeat",{}]',
  ])
  talk.receive(null, '2', 'phoenix', 'phx_reply', { status: 'ok', response: {} })
  expect(talk.calls()).toEqual([])
})

describe('a topic', () => {
  test('is joined with its params, and left', () => {
    const talk = start({ params: (topic, { token }) => ({ topic, token }) }, 'secret')
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive('1', '1', 'a', 'phx_reply', { status: 'ok', response: {} })
    talk.unsubscribe(1)
    expect(talk.calls()).toEqual([
      ['write', '["1","1","a","phx_join",{"topic":"a","token":"secret"}]'],
      ['subscribed', 1, { resumed: false, cursor: undefined }],
      ['write', '["1","2","a","phx_leave",{}]'],
    ])
    talk.receive('1', '2', 'a', 'phx_reply', { status: 'ok', response: {} })
    talk.receive('1', null, 'a', 'phx_close', {})
    talk.receive(null, null, 'a', 'message', 1)
    expect(talk.calls()).toEqual([])
  })

  test.for([
    [undefined, { resumed: true }, true],
    [undefined, {}, false],
    [({ since }: { since: boolean }) => since, { since: true }, true],
    [({ since }: { since: boolean }) => since, { since: false }, false],
  ] as const)(
    'resumes if its params have the cursor, and the server confirms it: %s %j',
    ([resumed, response, expected]) => {
      const talk = start({ params: (_, { cursor }) => ({ since: cursor }), ...(resumed && { resumed }) })
      talk.subscribe({ id: 1, topic: 'a', cursor: '7' })
      talk.receive('1', '1', 'a', 'phx_reply', { status: 'ok', response })
      expect(talk.calls()).toEqual([
        ['write', '["1","1","a","phx_join",{"since":"7"}]'],
        ['subscribed', 1, { resumed: expected, cursor: undefined }],
      ])
    },
  )

  test('is joined with the latest token', () => {
    const talk = start({ params: (_, { token }) => ({ token }) }, 'one')
    talk.refresh?.('two')
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    expect(talk.calls()).toEqual([['write', '["1","1","a","phx_join",{"token":"two"}]']])
  })

  test('is rejected alone if `resumed` fails', () => {
    const talk = start({ resumed: ({ a: { b } }) => b })
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.calls()
    talk.receive('1', '1', 'a', 'phx_reply', { status: 'ok', response: {} })
    expect(talk.calls()).toEqual([['rejected', 1, 'exception']])
  })

  test.for([
    ['unauthorized', 'unauthorized'],
    ['unmatched topic', 'rejected'],
    [{ nested: true }, 'rejected'],
  ] as const)('is rejected with %j: %s', ([reason, code]) => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.calls()
    talk.receive('1', '1', 'a', 'phx_reply', { status: 'error', response: { reason } })
    expect(talk.calls()).toEqual([['rejected', 1, code]])
  })

  test('that crashes is retried, and one that the server closes has ended', () => {
    const crashed = joined()
    crashed.receive('1', null, 'a', 'phx_error', {})
    const closed = joined()
    closed.receive('1', null, 'a', 'phx_close', {})
    expect([crashed.calls(), closed.calls()]).toEqual([[['rejected', 1, 'unavailable']], [['ended', 1]]])
  })

  test('ignores frames of an earlier join', () => {
    const talk = joined()
    talk.unsubscribe(1)
    talk.subscribe({ id: 2, topic: 'a', cursor: undefined })
    talk.receive('3', '3', 'a', 'phx_reply', { status: 'ok', response: {} })
    talk.calls()
    for (const event of ['message', 'phx_close', 'phx_error']) talk.receive('1', null, 'a', event, {})
    expect(talk.calls()).toEqual([])
  })
})

describe('a message', () => {
  test('has the name of its event, and its cursor', () => {
    const talk = joined({ cursor: (_, { at }) => at })
    talk.receive('1', null, 'a', 'pushed', { at: 5 })
    talk.receive(null, null, 'a', 'broadcast', { at: 'six' })
    talk.receive(null, null, 'b', 'other', { at: 7 })
    expect(talk.calls()).toEqual([
      ['message', 1, { event: 'pushed', data: '{"at":5}', cursor: '5' }],
      ['message', 1, { event: 'broadcast', data: '{"at":"six"}', cursor: 'six' }],
    ])
  })

  test('of bytes comes in a binary frame', () => {
    const talk = joined()
    const text = (value: string) => [...new TextEncoder().encode(value)]
    talk.raw(Uint8Array.of(0, 1, 1, 2, ...text('1'), ...text('a'), ...text('ev'), 9, 8))
    talk.raw(Uint8Array.of(2, 1, 2, ...text('a'), ...text('ev'), 7))
    talk.raw(Uint8Array.of(9, 1))
    talk.raw(new Uint8Array())
    expect(talk.calls()).toEqual([
      ['message', 1, { event: 'ev', data: Uint8Array.of(9, 8), cursor: undefined }],
      ['message', 1, { event: 'ev', data: Uint8Array.of(7), cursor: undefined }],
    ])
  })

  test('that cannot be read is invalid for its topic alone', () => {
    const talk = joined({ cursor: (_, { at }) => at })
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    talk.receive('1', null, 'a', 'message', null)
    talk.raw(`["1",null,"a","message",{"at":5,"deep":${deep}}]`)
    expect(talk.calls()).toMatchObject([
      ['message', 1, { event: 'message', error: { code: 'invalid-message' }, cursor: undefined }],
      ['message', 1, { event: 'message', error: { code: 'invalid-message' }, cursor: '5' }],
    ])
  })

  test('of bytes that is cut off is unreadable, and a topic that is too long cannot send bytes', () => {
    const talk = joined()
    const frame = Uint8Array.of(2, 200, 200, 97)
    talk.raw(frame)
    expect(talk.calls()).toEqual([['unreadable', frame, 'invalid-message']])
    talk.subscribe({ id: 2, topic: 'x'.repeat(256), cursor: undefined })
    expect(() => talk.send(2, Uint8Array.of(1), { key: 1 })).toThrow('255 bytes')
  })

  test('is sent as JSON, or as a binary frame', () => {
    const talk = joined({ event: 'say' })
    talk.send(1, '{"n":1}', { key: 1 })
    talk.send(1, Uint8Array.of(9), { key: 2 })
    const text = (value: string) => [...new TextEncoder().encode(value)]
    expect(talk.calls()).toEqual([
      ['write', '["1","2","a","say",{"n":1}]'],
      ['write', Uint8Array.of(0, 1, 1, 1, 3, ...text('1'), ...text('3'), ...text('a'), ...text('say'), 9)],
    ])
  })

  test('resolves or rejects with the reply', () => {
    const talk = joined({ acknowledges: true })
    for (const key of [7, 8]) talk.send(1, '1', { key })
    talk.calls()
    talk.receive('1', '3', 'a', 'phx_reply', { status: 'error', response: { reason: 'no' } })
    talk.receive('1', '2', 'a', 'phx_reply', { status: 'ok', response: { id: 1 } })
    expect(talk.calls()).toEqual([
      ['sendRejected', 8, 'send-rejected'],
      ['acknowledged', 7, { id: 1 }],
    ])
  })

  test.for(['x', '{', ''])('%j is unreadable for every topic', (frame) => {
    const talk = joined()
    talk.raw(frame)
    expect(talk.calls()).toEqual([['unreadable', frame, 'invalid-message']])
  })

  test('is not a frame of another shape', () => {
    const talk = joined()
    for (const frame of ['{}', '[]', 'null', '[1,2,3,4,5]', '["1","1","a"]']) talk.raw(frame)
    expect(talk.calls()).toEqual([])
  })
})

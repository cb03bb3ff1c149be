import { describe, expect, test } from 'vitest'
import { hubConversation } from '../../../../src/observables/backends/hub/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

const CURSOR = '10:1.aaaa'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start(token?: string) {
  const { port, calls } = recordedPort(({ code, status }) => [code, status])
  const conversation = hubConversation(port, { token, clientId: 'client'.repeat(5) })
  return {
    ...conversation,
    receive: (...heads: readonly object[]) => conversation.receive(JSON.stringify(heads)),
    raw: conversation.receive,
    calls,
  }
}

/** A conversation whose topic `a` is subscribed as 1. */
function subscribed(cursor?: string) {
  const talk = start()
  talk.subscribe({ id: 1, topic: 'a', cursor })
  talk.receive({ ok: 1, cursor: CURSOR })
  talk.calls()
  return talk
}

describe('the hello', () => {
  test('comes from the hub', () => {
    const talk = start()
    talk.open()
    expect(talk.calls()).toEqual([])
    talk.receive({ session: 's', heartbeat: 15, maxMessageBytes: 100 })
    const calls = talk.calls()
    expect(calls).toEqual([['ready', { heartbeat: 15_000, postQuery: expect.any(Function) }]])
    const [[, { postQuery }]] = calls as unknown as [[string, { postQuery: (number: number) => unknown }]]
    expect(postQuery(7)).toEqual({ session: 's', number: '7' })
  })

  test.for(['x', -1, 0, {}, null])('has no heartbeat if it is %j', (heartbeat) => {
    const talk = start()
    talk.receive({ session: 's', heartbeat })
    expect(talk.calls()).toEqual([['ready', { heartbeat: undefined, postQuery: expect.any(Function) }]])
  })

  test('a frame that cannot be parsed ends the connection', () => {
    const talk = start()
    for (const frame of ['x', '{}', '[1]', '[{"message":"a","length":3}]\nx']) talk.raw(frame)
    expect(talk.calls()).toEqual(Array.from({ length: 4 }, () => ['refused', ['connection-lost', undefined]]))
  })

  test('fields of another version are ignored', () => {
    const talk = subscribed()
    talk.receive({ news: 1 }, { ok: 99 }, { error: 98, status: 400 }, { message: 'b', length: 0 })
    expect(talk.calls()).toEqual([])
  })
})

describe('a subscription', () => {
  test('resumes after its cursor', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: CURSOR })
    talk.receive({ ok: 1, cursor: CURSOR })
    expect(talk.calls()).toEqual([
      ['write', JSON.stringify([{ subscribe: 'a', cursor: CURSOR, id: 1 }])],
      ['subscribed', 1, { resumed: true, cursor: CURSOR }],
    ])
  })

  test('starts from now if it has no cursor', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ ok: 1, cursor: CURSOR })
    expect(talk.calls().slice(1)).toEqual([['subscribed', 1, { resumed: false, cursor: CURSOR }]])
  })

  test('emits a gap with the reason of the hub', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: '1:1.bbbb' })
    talk.receive({ ok: 1, cursor: CURSOR, gap: 'unknown-cursor' })
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: CURSOR }],
      ['gap', 1, 'unknown-cursor', CURSOR],
    ])
    talk.receive({ gap: 'a', reason: 'history-expired', cursor: '11:1.aaaa' })
    expect(talk.calls()).toEqual([['gap', 1, 'history-expired', '11:1.aaaa']])
  })

  test('receives nothing of an earlier subscription of the same topic', () => {
    const talk = subscribed()
    talk.unsubscribe(1)
    talk.subscribe({ id: 2, topic: 'a', cursor: CURSOR })
    talk.raw('[{"message":"a","cursor":"10:2.aaaa","length":3}]\nold')
    talk.receive({ ok: 1, cursor: CURSOR })
    talk.receive({ ok: 2, cursor: CURSOR })
    talk.raw('[{"message":"a","cursor":"10:2.aaaa","length":3}]\nnew')
    expect(talk.calls().slice(2)).toEqual([
      ['subscribed', 2, { resumed: true, cursor: CURSOR }],
      ['message', 2, { data: 'new', event: 'message', cursor: '10:2.aaaa' }],
    ])
  })

  test.for([
    [401, 'unauthorized'],
    [403, 'unauthorized'],
    [400, 'rejected'],
    [429, 'unavailable'],
    [503, 'unavailable'],
    [500, 'unavailable'],
  ] as const)('that is rejected with %s has the error %s', ([status, code]) => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ error: 1, status, reason: 'no', retryAfter: 2 })
    expect(talk.calls().slice(1)).toEqual([['rejected', 1, [code, status]]])
  })

  test('ends, after a gap if messages are missing', () => {
    const talk = subscribed()
    talk.receive({ end: 'a', gap: 'history-expired' })
    expect(talk.calls()).toEqual([
      ['gap', 1, 'history-expired'],
      ['ended', 1],
    ])
  })

  test('that ended before it was subscribed opens, and ends after its gap', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: CURSOR })
    talk.receive({ end: 'a', id: 1, gap: 'history-expired' })
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      ['gap', 1, 'history-expired', undefined],
      ['ended', 1],
    ])
  })

  test('does not end with an earlier subscription, which was left', () => {
    const talk = subscribed()
    talk.unsubscribe(1)
    talk.subscribe({ id: 2, topic: 'a', cursor: undefined })
    talk.calls()
    talk.receive({ end: 'a' }, { ok: 2, cursor: '11:1.bbbb' })
    expect(talk.calls()).toEqual([['subscribed', 2, { resumed: false, cursor: '11:1.bbbb' }]])
  })

  test('moves to the position of a heartbeat, in its own epoch', () => {
    const talk = subscribed()
    talk.subscribe({ id: 2, topic: 'b', cursor: undefined })
    talk.subscribe({ id: 3, topic: 'not yet', cursor: undefined })
    talk.receive({ ok: 2, cursor: '10:1.bbbb' })
    talk.calls()
    talk.receive({ ping: '12:3', spread: 300 })
    expect(talk.calls()).toEqual([
      ['spread', 300],
      ['moved', 1, '12:3.aaaa'],
      ['moved', 2, '12:3.bbbb'],
    ])
  })
})

describe('another token', () => {
  test('names the one that it replaces', () => {
    const talk = start('one')
    talk.refresh?.('two')
    talk.refresh?.('three')
    expect(talk.calls()).toEqual([
      ['write', JSON.stringify([{ token: 'two', replaces: 'one', id: 1 }])],
      ['write', JSON.stringify([{ token: 'three', replaces: 'two', id: 2 }])],
    ])
    talk.receive({ ok: 1 }, { ok: 2 })
    expect(talk.calls()).toEqual([])
  })

  test.for([400, 429])('that the hub refuses with %i needs another connection', (status) => {
    const talk = start('one')
    talk.refresh?.('two')
    talk.calls()
    talk.receive({ error: 1, status, reason: 'no' })
    expect(talk.calls()).toEqual([['refreshRejected']])
  })

  test('that the hub refuses is not the one that the next replaces', () => {
    const talk = start('one')
    talk.refresh?.('two')
    talk.receive({ ok: 1 })
    talk.refresh?.('three')
    talk.receive({ error: 2, status: 429, reason: 'no' })
    talk.calls()
    talk.refresh?.('four')
    expect(talk.calls()).toEqual([['write', JSON.stringify([{ token: 'four', replaces: 'two', id: 3 }])]])
  })

  test('that replaces a refused one is refused, and the one before both is replaced', () => {
    const talk = start('one')
    talk.refresh?.('two')
    talk.refresh?.('three')
    talk.receive({ error: 1, status: 429, reason: 'no' }, { error: 2, status: 400, reason: 'no' })
    talk.calls()
    talk.refresh?.('four')
    expect(talk.calls()).toEqual([['write', JSON.stringify([{ token: 'four', replaces: 'one', id: 3 }])]])
  })

  test('may reject a topic, which can be subscribed again', () => {
    const talk = subscribed()
    talk.receive({ rejected: 'a', status: 401, reason: 'no' }, { rejected: 'b', status: 401, reason: 'no' })
    talk.raw('[{"message":"a","cursor":"10:2.aaaa","length":1}]\nx')
    expect(talk.calls()).toEqual([['rejected', 1, ['unauthorized', 401]]])
    talk.subscribe({ id: 2, topic: 'a', cursor: CURSOR })
    talk.receive({ ok: 2, cursor: CURSOR })
    expect(talk.calls()).toEqual([
      ['write', JSON.stringify([{ subscribe: 'a', cursor: CURSOR, id: 2 }])],
      ['subscribed', 2, { resumed: true, cursor: CURSOR }],
    ])
  })

  test('rejects no subscription that came after it', () => {
    const talk = subscribed()
    talk.unsubscribe(1)
    talk.subscribe({ id: 2, topic: 'a', cursor: CURSOR })
    talk.calls()
    talk.receive({ rejected: 'a', status: 401, reason: 'no' }, { ok: 2, cursor: CURSOR })
    expect(talk.calls()).toEqual([['subscribed', 2, { resumed: true, cursor: CURSOR }]])
  })
})

describe('a message', () => {
  test('has text, bytes, or bytes in Base64', () => {
    const talk = subscribed()
    talk.raw(
      '[{"message":"a","cursor":"10:2.aaaa","length":2,"event":"e"},{"message":"a","cursor":"10:3.aaaa","length":4,"base64":true}]\né\nAAE=',
    )
    talk.raw(new TextEncoder().encode('[{"message":"a","cursor":"10:4.aaaa","length":2}]\né'))
    expect(talk.calls()).toEqual([
      ['message', 1, { data: 'é\n', event: 'e', cursor: '10:2.aaaa' }],
      ['message', 1, { data: Uint8Array.of(0, 1), event: 'message', cursor: '10:3.aaaa' }],
      ['message', 1, { data: new TextEncoder().encode('é'), event: 'message', cursor: '10:4.aaaa' }],
    ])
  })
})

describe('sending', () => {
  test('names the client first, once', () => {
    const talk = subscribed()
    talk.send(1, 'é', { key: 5 })
    talk.send(1, 'two', { key: 6 })
    expect(talk.calls()).toEqual([['write', JSON.stringify([{ publisher: 'client'.repeat(5), id: 2 }])]])
    talk.receive({ ok: 2, memory: 'm' })
    talk.send(1, 'three', { key: 7 })
    expect(talk.calls()).toEqual([
      ['write', '[{"publish":"a","number":5,"id":3,"length":1}]\né'],
      ['write', '[{"publish":"a","number":6,"id":4,"length":3}]\ntwo'],
      ['write', '[{"publish":"a","number":7,"id":5,"length":5}]\nthree'],
    ])
    talk.receive({ ok: 4, reply: { id: 9 } }, { error: 3, status: 403, reason: 'no' })
    expect(talk.calls()).toEqual([
      ['acknowledged', 6, { id: 9 }],
      ['sendRejected', 5, ['send-rejected', 403]],
    ])
  })

  test('sends a message again to a hub that knows it, and not to another', () => {
    const first = subscribed()
    const message = { key: 5 }
    first.send(1, 'x', message)
    first.receive({ ok: 2, memory: 'm' })
    const again = subscribed()
    again.send(1, 'x', message)
    again.receive({ ok: 2, memory: 'm' })
    expect(again.calls().at(-1)).toEqual(['write', '[{"publish":"a","number":5,"id":3,"length":1}]\nx'])
    const other = subscribed()
    other.send(1, 'x', message)
    other.send(1, 'y', { key: 6 })
    other.receive({ ok: 2, memory: 'n' })
    expect(other.calls().slice(1)).toEqual([
      ['sendRejected', 5, ['send-aborted', undefined]],
      ['write', '[{"publish":"a","number":6,"id":3,"length":1}]\ny'],
    ])
  })

  test('rejects a message that the hub does not accept before it is sent', () => {
    const talk = subscribed()
    talk.receive({ session: 's', heartbeat: 15, maxMessageBytes: 3 })
    expect(() => talk.send(1, '1234', { key: 1 })).toThrow(expect.objectContaining({ code: 'send-rejected' }))
  })
})

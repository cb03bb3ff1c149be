import { describe, expect, test } from 'vitest'
import { jsonMessages } from '../../../../src/observables/backends/json-messages/json-messages.ts'
import { jsonConversation } from '../../../../src/observables/backends/json-messages/conversation.ts'
import type { JsonMessagesOptions } from '../../../../src/observables/backends/json-messages/declaration.ts'
import type { SessionPort } from '../../../../src/observables/session/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

type Parsed = ReturnType<typeof JSON.parse>

const DECLARATION: JsonMessagesOptions<Parsed> = {
  subscribe: (topic, { cursor }) => ({ op: 'subscribe', topic, since: cursor }),
  subscribed: (frame) => frame.op === 'subscribed' && frame.topic,
  unsubscribe: (topic) => ({ op: 'unsubscribe', topic }),
  message: (frame) => frame.op === 'event' && { topic: frame.topic, data: frame.data, cursor: frame.seq },
  error: (frame) =>
    frame.op === 'error' && { topic: frame.topic, key: frame.key, message: frame.reason, retry: frame.code >= 500 },
}

/** Begins a conversation, and lists what it writes and reports, in order. */
function start(
  options: { [K in keyof JsonMessagesOptions<Parsed>]?: JsonMessagesOptions<Parsed>[K] | undefined } = {},
  token?: string,
) {
  const recorded = recordedPort()
  const port: SessionPort = {
    ...recorded.port,
    write: (frame) => recorded.port.write(JSON.parse(frame as string) as string),
  }
  const declaration = { ...DECLARATION, ...options } as JsonMessagesOptions<Parsed>
  const conversation = jsonConversation(declaration, undefined, port, { token, clientId: 'client' })
  return {
    ...conversation,
    receive: (frame: unknown) =>
      conversation.receive(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame)),
    calls: recorded.calls,
  }
}

describe('the hello', () => {
  test('is sent first, with the token, and topics wait for the server', () => {
    const talk = start(
      { hello: ({ token }) => ({ op: 'login', token }), ready: (frame) => frame.op === 'login' },
      'secret',
    )
    talk.open()
    expect(talk.calls()).toEqual([['write', { op: 'login', token: 'secret' }]])
    talk.receive({ op: 'login' })
    expect(talk.calls()).toEqual([['ready', { ping: undefined }]])
  })

  test('is not needed: topics may be subscribed once the connection is open', () => {
    const talk = start()
    talk.open()
    expect(talk.calls()).toEqual([['ready', { ping: undefined }]])
  })

  test('may be rejected, for the user or temporarily', () => {
    const refused = (error: object) => {
      const talk = start({ ready: () => false, error: () => error })
      talk.open()
      talk.receive({ op: 'error' })
      return talk.calls()
    }
    expect(refused({})).toEqual([['refused', 'rejected']])
    expect(refused({ unauthorized: true })).toEqual([['refused', 'unauthorized']])
    expect(refused({ retry: true })).toEqual([['refused', 'unavailable']])
  })
})

describe('a topic', () => {
  test('resumes after the cursor if the frame that subscribes it has the cursor', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: '7' })
    talk.receive({ op: 'subscribed', topic: 'a' })
    expect(talk.calls()).toEqual([
      ['write', { op: 'subscribe', topic: 'a', since: '7' }],
      ['subscribed', 1, { resumed: true, cursor: undefined }],
    ])
  })

  test('does not resume if the declaration does not use the cursor', () => {
    const talk = start({ subscribe: (topic) => ({ topic }) })
    talk.subscribe({ id: 1, topic: 'a', cursor: '7' })
    talk.receive({ op: 'subscribed', topic: 'a' })
    expect(talk.calls()).toEqual([
      ['write', { topic: 'a' }],
      ['subscribed', 1, { resumed: false, cursor: undefined }],
    ])
  })

  test('does not resume if the server reports that, and gets the current cursor', () => {
    const talk = start({ subscribed: (frame) => ({ topic: frame.topic, resumed: false, cursor: 9 }) })
    talk.subscribe({ id: 1, topic: 'a', cursor: '7' })
    talk.calls()
    talk.receive({ topic: 'a' })
    expect(talk.calls()).toEqual([['subscribed', 1, { resumed: false, cursor: '9' }]])
  })

  test('counts as subscribed once the frame is written, if the server does not acknowledge', () => {
    const talk = start({ subscribed: undefined })
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    expect(talk.calls()).toEqual([
      ['write', { op: 'subscribe', topic: 'a' }],
      ['subscribed', 1, { resumed: false, cursor: undefined }],
    ])
  })

  test('that two channels read is subscribed once, and unsubscribed after the last', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.subscribe({ id: 2, topic: 'a', cursor: undefined })
    talk.receive({ op: 'subscribed', topic: 'a' })
    talk.receive({ op: 'event', topic: 'a', data: 'x', seq: 1 })
    talk.unsubscribe(1)
    talk.receive({ op: 'event', topic: 'a', data: 'y', seq: 2 })
    talk.unsubscribe(2)
    expect(talk.calls()).toEqual([
      ['write', { op: 'subscribe', topic: 'a' }],
      ['subscribed', 1, { resumed: false, cursor: undefined }],
      ['subscribed', 2, { resumed: false, cursor: undefined }],
      ['message', 1, { data: '"x"', event: 'message', cursor: '1' }],
      ['message', 2, { data: '"x"', event: 'message', cursor: '1' }],
      ['message', 2, { data: '"y"', event: 'message', cursor: '2' }],
      ['write', { op: 'unsubscribe', topic: 'a' }],
    ])
  })

  test('that is joined later does not resume from a cursor that was not sent', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: '5' })
    talk.subscribe({ id: 2, topic: 'a', cursor: '5' })
    talk.subscribe({ id: 3, topic: 'a', cursor: '4' })
    talk.receive({ op: 'subscribed', topic: 'a' })
    talk.subscribe({ id: 4, topic: 'a', cursor: '5' })
    expect(talk.calls().slice(1)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      ['subscribed', 2, { resumed: true, cursor: undefined }],
      ['subscribed', 3, { resumed: false, cursor: undefined }],
      ['subscribed', 4, { resumed: false, cursor: undefined }],
    ])
  })

  test('that is rejected does not affect the others', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.subscribe({ id: 2, topic: 'b', cursor: undefined })
    talk.calls()
    talk.receive({ op: 'error', topic: 'a', code: 404 })
    talk.receive({ op: 'subscribed', topic: 'b' })
    talk.receive({ op: 'event', topic: 'a', data: 1 })
    expect(talk.calls()).toEqual([
      ['rejected', 1, 'rejected'],
      ['subscribed', 2, { resumed: false, cursor: undefined }],
    ])
  })

  test('is rejected by an error without a topic if no other topic waits', () => {
    const talk = start()
    talk.open()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.receive({ op: 'subscribed', topic: 'a' })
    talk.subscribe({ id: 2, topic: 'b', cursor: undefined })
    talk.calls()
    talk.receive({ op: 'error', code: 503 })
    expect(talk.calls()).toEqual([['rejected', 2, 'unavailable']])
  })

  test('ends', () => {
    const talk = start({ ended: (frame) => frame.op === 'end' && frame.topic })
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.calls()
    talk.receive({ op: 'end', topic: 'a' })
    talk.receive({ op: 'event', topic: 'a', data: 1 })
    expect(talk.calls()).toEqual([['ended', 1]])
  })
})

describe('another token', () => {
  test('is given in the frame of the declaration', () => {
    const talk = start({ refresh: (token) => ({ op: 'refresh', token }) }, 'old')
    talk.refresh?.('new')
    expect(talk.calls()).toEqual([['write', { op: 'refresh', token: 'new' }]])
  })

  test('needs another connection without one', () => {
    expect(start({}, 'old').refresh).toBeUndefined()
  })
})

describe('a frame', () => {
  test('may contain several messages for several topics', () => {
    const talk = start({ message: (frame) => frame })
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.subscribe({ id: 2, topic: 'b', cursor: undefined })
    talk.calls()
    talk.receive([
      { topic: 'a', data: 1 },
      { topic: 'b', data: { c: [2] }, event: 'added' },
    ])
    expect(talk.calls()).toEqual([
      ['message', 1, { data: '1', event: 'message', cursor: undefined }],
      ['message', 2, { data: '{"c":[2]}', event: 'added', cursor: undefined }],
    ])
  })

  test.each([
    ['is not JSON', '{', {}],
    ['makes a function of the declaration throw', '{"op":"event"}', { message: (frame: Parsed) => frame.data.deep }],
    ['has no topic', '{"op":"event","data":1}', {}],
    ['has no data', '{"op":"event","topic":"a"}', {}],
  ])('that %s may have been a message of any topic', (_, frame, options) => {
    const talk = start(options)
    talk.receive(frame)
    expect(talk.calls()).toEqual([['unreadable', frame, 'invalid-message']])
  })

  test('of bytes is read as UTF-8', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'ä', cursor: undefined })
    talk.calls()
    talk.receive(new TextEncoder().encode('{"op":"event","topic":"ä","data":1}'))
    expect(talk.calls()).toEqual([['message', 1, { data: '1', event: 'message', cursor: undefined }]])
  })

  test('that is a ping gets a reply', () => {
    const talk = start({ pong: (frame) => frame.op === 'ping' && { op: 'pong', at: frame.at } })
    talk.receive({ op: 'ping', at: 5 })
    expect(talk.calls()).toEqual([['write', { op: 'pong', at: 5 }]])
  })
})

describe('sending', () => {
  const send: JsonMessagesOptions<Parsed>['send'] = (topic, data, { key }) => ({ op: 'publish', topic, data, key })

  test('embeds what the channel encoded, and reports by key', () => {
    const talk = start({ send, accepted: (frame) => frame.op === 'accepted' && frame.key })
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    talk.calls()
    talk.send(1, '{"price":3}', { key: 1 })
    talk.send(1, 'plain text', { key: 2 })
    talk.receive({ op: 'accepted', key: 1 })
    talk.receive({ op: 'error', key: '2', reason: 'no' })
    expect(talk.acknowledges).toBe(true)
    expect(talk.calls()).toEqual([
      ['write', { op: 'publish', topic: 'a', data: { price: 3 }, key: 1 }],
      ['write', { op: 'publish', topic: 'a', data: 'plain text', key: 2 }],
      ['acknowledged', 1],
      ['sendRejected', 2, 'send-rejected'],
    ])
  })

  test('is rejected if the declaration has no `send`, and for bytes', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'a', cursor: undefined })
    expect(() => talk.send(1, '1', { key: 1 })).toThrow(expect.objectContaining({ code: 'send-unsupported' }))
    const other = start({ send })
    other.subscribe({ id: 1, topic: 'a', cursor: undefined })
    expect(() => other.send(1, new Uint8Array([1]), { key: 1 })).toThrow(
      expect.objectContaining({ code: 'invalid-message' }),
    )
  })
})

describe('a declaration is rejected, with the option named, if', () => {
  const good = { subscribe: () => ({}), message: () => false } as const
  test.each([
    ['`subscribe` is missing', { subscribe: undefined }, 'subscribe'],
    ['`message` is missing', { message: undefined }, 'message'],
    ['a function is something else', { ready: 'yes' }, 'ready'],
    ['a period is not a number', { ping: { every: 0, frame: {} } }, 'ping.every'],
    ['a subprotocol is not a name', { subprotocols: ['a b'] }, 'subprotocols'],
    ['a verdict is unknown', { closes: { 4000: 'no' } }, 'closes'],
    ['messages are accepted that cannot be sent', { accepted: () => 1 }, 'accepted'],
  ])('%s', (_, wrong, name) => {
    expect(() => jsonMessages({ ...good, ...wrong } as never)).toThrow(
      expect.objectContaining({ code: 'invalid-option', message: expect.stringContaining(name) }),
    )
  })
})

import { describe, expect, test } from 'vitest'
import { actionCableConversation } from '../../../../src/observables/backends/action-cable/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

const ROOM = '{"channel":"RoomChannel"}'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start({ sid }: { sid?: string } = {}) {
  const { port, calls } = recordedPort()
  const conversation = actionCableConversation(port)
  conversation.open()
  const receive = (frame: unknown) => conversation.receive(JSON.stringify(frame))
  receive({ type: 'welcome', sid })
  return {
    ...conversation,
    raw: conversation.receive,
    receive,
    calls,
    from: (frame: object) => receive({ identifier: ROOM, ...frame }),
  }
}

/** A conversation whose topic is subscribed as 1. */
function subscribed(options?: { sid?: string }) {
  const talk = start(options)
  talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: undefined })
  talk.from({ type: 'confirm_subscription' })
  talk.calls()
  return talk
}

const at = (offset: number, epoch = 'e', stream_id = 's') => ({ message: offset, stream_id, epoch, offset })
const cursor = (offset: number, epoch = 'e') => JSON.stringify({ s: { epoch, offset } })
const message = (data: string, cursor?: string) => ['message', 1, { event: 'message', data, cursor }]

describe('a session', () => {
  test('is ready when the server welcomes it, which pings every 3 s', () => {
    expect(start().calls()).toEqual([['ready', { heartbeat: 6_000 }]])
  })

  test.for([
    [undefined, []],
    ['id', [['write', '{"command":"pong"}']]],
  ] as const)('replies to a ping only by the extended protocol: %s', ([sid, expected]) => {
    const talk = start(sid === undefined ? {} : { sid })
    talk.calls()
    talk.receive({ type: 'ping', message: 1 })
    expect(talk.calls()).toEqual(expected)
  })

  test.for([
    ['unauthorized', false, 'unauthorized'],
    ['token_expired', false, 'unauthorized'],
    ['invalid_request', false, 'rejected'],
    ['remote', false, 'rejected'],
    ['server_restart', true, 'unavailable'],
    ['idle_timeout', undefined, 'unavailable'],
    [undefined, undefined, 'unavailable'],
  ] as const)('that is disconnected because of %s, reconnect: %s, is %s', ([reason, reconnect, code]) => {
    const talk = start()
    talk.calls()
    talk.receive({ type: 'disconnect', reason, reconnect })
    expect(talk.calls()).toEqual([['refused', code]])
  })

  test.for(['x', ''])('%j is unreadable for every topic', (frame) => {
    const talk = subscribed()
    talk.raw(frame)
    expect(talk.calls()).toEqual([['unreadable', frame, 'invalid-message']])
  })

  test('ignores frames of another shape', () => {
    const talk = subscribed()
    for (const frame of [null, 1, [], {}, { identifier: 1 }, { identifier: 'x', message: 1 }, { type: 'x' }])
      talk.receive(frame)
    expect(talk.calls()).toEqual([])
  })
})

describe('a topic', () => {
  test.for([
    ['RoomChannel', ROOM],
    ['{"id":1, "channel":"RoomChannel"}', '{"id":1, "channel":"RoomChannel"}'],
  ] as const)('%s has the identifier %s, byte for byte', ([topic, identifier]) => {
    const talk = start()
    talk.calls()
    talk.subscribe({ id: 1, topic, cursor: undefined })
    talk.receive({ type: 'confirm_subscription', identifier })
    talk.receive({ identifier, message: { text: 'Hello' } })
    talk.unsubscribe(1)
    expect(talk.calls()).toEqual([
      ['write', JSON.stringify({ command: 'subscribe', identifier })],
      ['subscribed', 1, { resumed: false, cursor: undefined }],
      message('{"text":"Hello"}'),
      ['write', JSON.stringify({ command: 'unsubscribe', identifier })],
    ])
  })

  test('is rejected by the server', () => {
    const talk = start()
    talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: undefined })
    talk.calls()
    talk.from({ type: 'reject_subscription' })
    expect(talk.calls()).toEqual([['rejected', 1, 'rejected']])
  })

  test('performs an action, and nothing else', () => {
    const talk = subscribed()
    talk.send(1, '{"action":"speak"}', { key: 1 })
    expect(talk.calls()).toEqual([
      ['write', JSON.stringify({ command: 'message', identifier: ROOM, data: '{"action":"speak"}' })],
    ])
    for (const data of ['text', '1', '[]', 'null', new Uint8Array(1)])
      expect(() => talk.send(1, data, { key: 1 })).toThrow(/Message not sent/)
  })
})

describe('the history of AnyCable', () => {
  test('gives each message a cursor: the positions of the streams of its topic', () => {
    const talk = subscribed({ sid: 'id' })
    talk.from(at(1))
    talk.from(at(7, 'f', 't'))
    talk.from(at(2))
    talk.from({ message: 'without' })
    expect(talk.calls()).toEqual([
      message('1', cursor(1)),
      message('7', '{"s":{"epoch":"e","offset":1},"t":{"epoch":"f","offset":7}}'),
      message('2', '{"s":{"epoch":"e","offset":2},"t":{"epoch":"f","offset":7}}'),
      message('"without"'),
    ])
  })

  test('drops a message that the server repeats, in the same epoch', () => {
    const talk = subscribed({ sid: 'id' })
    for (const frame of [at(2), at(2), at(1), at(1, 'f')]) talk.from(frame)
    expect(talk.calls()).toEqual([message('2', cursor(2)), message('1', cursor(1, 'f'))])
  })

  /** A topic that is subscribed again with the cursor of its second message. */
  function resuming(sid: string | undefined) {
    const talk = start(sid === undefined ? {} : { sid })
    talk.calls()
    talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: cursor(2) })
    return talk
  }

  test('is requested after the cursor, and messages that are published meanwhile follow it, once each', () => {
    const talk = resuming('id')
    for (const frame of [{ type: 'confirm_subscription' }, at(5), at(3), at(4), at(5), { type: 'confirm_history' }])
      talk.from(frame)
    talk.from(at(6))
    expect(talk.calls()).toEqual([
      [
        'write',
        JSON.stringify({
          command: 'subscribe',
          identifier: ROOM,
          history: { streams: { s: { epoch: 'e', offset: 2 } } },
        }),
      ],
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      message('3', cursor(3)),
      message('4', cursor(4)),
      message('5', cursor(5)),
      message('6', cursor(6)),
    ])
  })

  test('that the server no longer has is a gap', () => {
    const talk = resuming('id')
    talk.calls()
    for (const frame of [{ type: 'confirm_subscription' }, at(1, 'f'), { type: 'reject_history' }]) talk.from(frame)
    expect(talk.calls()).toEqual([
      ['subscribed', 1, { resumed: false, cursor: undefined }],
      message('1', cursor(1, 'f')),
    ])
  })

  test('is not requested from a server without the extended protocol', () => {
    const talk = resuming(undefined)
    talk.from({ type: 'confirm_subscription' })
    expect(talk.calls()).toEqual([
      ['write', JSON.stringify({ command: 'subscribe', identifier: ROOM })],
      ['subscribed', 1, { resumed: false, cursor: undefined }],
    ])
  })

  test('that was not requested is not confirmed', () => {
    const talk = subscribed({ sid: 'id' })
    talk.from({ type: 'confirm_history' })
    talk.from({ type: 'reject_history' })
    expect(talk.calls()).toEqual([])
  })
})

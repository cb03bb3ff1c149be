import { describe, expect, test } from 'vitest'
import { actionCableConversation } from '../../../../src/observables/backends/action-cable/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

const ROOM = '{"channel":"RoomChannel"}'

/** Begins a conversation, and lists what it writes and reports, in order. */
function start({ sid }: { sid?: string } = {}) {
  const { port, calls } = recordedPort()
  const conversation = actionCableConversation(3_000, port)
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

/** A time of the server, in seconds. */
const NOW = 1_790_000_000

/** A conversation whose topic is subscribed as 1, and was since the time of a ping. */
function subscribed(options?: { sid?: string }) {
  const talk = start(options)
  talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: undefined })
  talk.from({ type: 'confirm_subscription' })
  talk.receive({ type: 'ping', message: NOW })
  talk.calls()
  return talk
}

const at = (offset: number, epoch = 'e', stream_id = 's') => ({ message: offset, stream_id, epoch, offset })
const cursor = (offset: number, epoch = 'e', since = NOW) =>
  JSON.stringify({ since, streams: { s: { epoch, offset } } })
const message = (data: string, cursor?: string) => ['message', 1, { event: 'message', data, cursor }]

describe('a session', () => {
  test('is ready when the server welcomes it, which pings every 3 s', () => {
    expect(start().calls()).toEqual([['ready', { heartbeat: 6_000 }]])
  })

  test('waits for two pings of another interval', () => {
    const { port, calls } = recordedPort()
    actionCableConversation(5_000, port).receive('{"type":"welcome"}')
    expect(calls()).toEqual([['ready', { heartbeat: 10_000 }]])
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

  test('of one identifier is one subscription, by whichever name', () => {
    const talk = subscribed()
    talk.subscribe({ id: 2, topic: ROOM, cursor: undefined })
    talk.from({ message: 1 })
    expect(talk.calls()).toEqual([
      ['subscribed', 2, { resumed: false }],
      message('1'),
      ['message', 2, { event: 'message', data: '1', cursor: undefined }],
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
      message('7', `{"since":${NOW},"streams":{"s":{"epoch":"e","offset":1},"t":{"epoch":"f","offset":7}}}`),
      message('2', `{"since":${NOW},"streams":{"s":{"epoch":"e","offset":2},"t":{"epoch":"f","offset":7}}}`),
      message('"without"'),
    ])
  })

  test('drops a message that the server repeats, in the same epoch', () => {
    const talk = subscribed({ sid: 'id' })
    for (const frame of [at(2), at(2), at(1, 'f')]) talk.from(frame)
    expect(talk.calls()).toEqual([message('2', cursor(2)), message('1', cursor(1, 'f'))])
  })

  test('emits a gap before a message that arrives late, once', () => {
    const talk = subscribed({ sid: 'id' })
    for (const frame of [at(3), at(5), at(4), at(4), at(6)]) talk.from(frame)
    expect(talk.calls()).toEqual([
      message('3', cursor(3)),
      message('5', cursor(5)),
      ['gap', 1, 'sequence'],
      message('4', cursor(5)),
      message('6', cursor(6)),
    ])
  })

  test('does not take a message that is far behind for a late one', () => {
    const talk = subscribed({ sid: 'id' })
    for (let offset = 1; offset <= 1_000; offset += 1) if (offset !== 5) talk.from(at(offset))
    talk.calls()
    talk.from(at(5))
    talk.from(at(1_001))
    expect(talk.calls()).toEqual([message('1001', cursor(1_001))])
  })

  test.for(['1.5', '1e400', '"1"', 'null'])('a message whose offset is %s has no position', (offset) => {
    const talk = subscribed({ sid: 'id' })
    talk.raw(JSON.stringify({ identifier: ROOM, ...at(1) }).replace('"offset":1', `"offset":${offset}`))
    talk.from(at(2))
    expect(talk.calls()).toEqual([message('1'), message('2', cursor(2))])
  })

  test('moves the cursor by each ping, so that streams without a message resume', () => {
    const talk = subscribed({ sid: 'id' })
    talk.receive({ type: 'ping', message: NOW + 1 })
    talk.from(at(1))
    talk.receive({ type: 'ping', message: NOW + 3.5 })
    for (const message of [NOW * 1_000, NOW * 1e9, 'x', undefined, -1]) talk.receive({ type: 'ping', message })
    expect((talk.calls() as [string][]).filter(([name]) => name !== 'write')).toEqual([
      message('1', cursor(1, 'e', NOW + 1)),
      ['moved', 1, cursor(1, 'e', NOW + 3)],
    ])
  })

  test('has no cursor before the first ping', () => {
    const talk = start({ sid: 'id' })
    talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: undefined })
    talk.receive({ type: 'ping', message: NOW })
    talk.from({ type: 'confirm_subscription' })
    talk.calls()
    talk.from(at(1))
    expect(talk.calls()).toEqual([message('1')])
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
          history: { since: NOW, streams: { s: { epoch: 'e', offset: 2 } } },
        }),
      ],
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      message('3', cursor(3)),
      message('4', cursor(4)),
      message('5', cursor(5)),
      message('6', cursor(6)),
    ])
  })

  test.for(['5', 'x', '{}', '[]', '{"since":"1"}'])('is not requested by the cursor %j of another server', (other) => {
    const talk = start({ sid: 'id' })
    talk.calls()
    talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: other })
    expect(talk.calls()).toEqual([['write', JSON.stringify({ command: 'subscribe', identifier: ROOM })]])
  })

  test('ends for a handler that leaves the topic and reads it again, which gets the rest by its own', () => {
    const { port, calls } = recordedPort()
    let leave = () => {}
    const talk = actionCableConversation(3_000, {
      ...port,
      message: (...values) => (port.message(...values), leave()),
    })
    const from = (frame: object) => talk.receive(JSON.stringify({ identifier: ROOM, ...frame }))
    talk.receive('{"type":"welcome","sid":"id"}')
    talk.subscribe({ id: 1, topic: 'RoomChannel', cursor: cursor(2) })
    leave = () => {
      leave = () => {}
      talk.unsubscribe(1)
      talk.subscribe({ id: 2, topic: 'RoomChannel', cursor: cursor(3) })
    }
    for (const frame of [{ type: 'confirm_subscription' }, at(3), at(4), { type: 'confirm_history' }]) from(frame)
    for (const frame of [{ type: 'confirm_subscription' }, at(4), { type: 'confirm_history' }]) from(frame)
    expect((calls() as unknown[][]).filter(([name]) => name !== 'write').slice(1)).toEqual([
      ['subscribed', 1, { resumed: true, cursor: undefined }],
      message('3', cursor(3)),
      ['subscribed', 2, { resumed: true, cursor: undefined }],
      ['message', 2, { event: 'message', data: '4', cursor: cursor(4) }],
    ])
  })

  test('that the server no longer has is a gap', () => {
    const talk = resuming('id')
    talk.calls()
    for (const frame of [{ type: 'confirm_subscription' }, at(1, 'f'), { type: 'reject_history' }]) talk.from(frame)
    expect(talk.calls()).toEqual([['subscribed', 1, { resumed: false, cursor: undefined }], message('1')])
  })

  test('that is slow is requested again, and nothing of it is lost', () => {
    const talk = resuming('id')
    talk.calls()
    talk.from({ type: 'confirm_subscription' })
    talk.from(at(3))
    talk.subscribe({ id: 2, topic: 'RoomChannel', cursor: cursor(2), again: true })
    talk.from(at(4))
    talk.from({ type: 'confirm_history' })
    const [[command], ...reports] = talk.calls() as [[string], ...[string, number][]]
    expect([command, reports.filter(([, id]) => id === 2)]).toEqual([
      'write',
      [
        ['subscribed', 2, { resumed: true, cursor: undefined }],
        ['message', 2, { event: 'message', data: '3', cursor: cursor(3) }],
        ['message', 2, { event: 'message', data: '4', cursor: cursor(4) }],
      ],
    ])
  })

  test('that is endless is a gap', () => {
    const talk = resuming('id')
    talk.calls()
    for (let offset = 3; offset <= 20_000; offset += 1) talk.from(at(offset))
    const [subscribed, first] = talk.calls()
    expect([subscribed, first]).toEqual([['subscribed', 1, { resumed: false, cursor: undefined }], message('3')])
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

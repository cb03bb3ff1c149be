import { describe, expect, test } from 'vitest'
import type { SocketIoOptions } from 'pinia-push/observables'
import { socketIoSession } from '../../../../src/observables/backends/socket-io/conversation.ts'
import { recordedPort } from '../../session/recorded-port.ts'

const OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'

/** Starts a session. Each `connect` begins the conversation of one connection, which lists what it writes and reports. */
function session(options: SocketIoOptions = {}, token?: string) {
  const begin = socketIoSession(options)
  return () => {
    const { port, calls } = recordedPort()
    const topics: [id: number, topic: string, cursor?: string | undefined][] = []
    const conversation = begin(
      {
        ...port,
        ready(given) {
          port.ready(given)
          for (const [id, topic, cursor] of topics) conversation.subscribe({ id, topic, cursor })
        },
      },
      { token, clientId: 'client' },
    )
    return {
      ...conversation,
      calls,
      /** The topics that are subscribed as soon as the connection is ready. */
      reads: (...wanted: typeof topics) => void topics.push(...wanted),
      receive: (...frames: (string | Uint8Array)[]) => {
        for (const frame of frames) conversation.receive(frame)
      },
    }
  }
}

/** A connection whose topic `a` is subscribed as 1. */
function subscribed(options?: SocketIoOptions) {
  const talk = session(options)()
  talk.reads([1, 'a'])
  talk.receive(OPEN, '40{"sid":"x"}')
  talk.calls()
  return talk
}

describe('the hello', () => {
  test('comes from the server, and the client connects to its namespace', () => {
    const talk = session({}, 'secret')()
    talk.open()
    expect(talk.calls()).toEqual([])
    talk.receive(OPEN, '40{"sid":"x"}')
    expect(talk.calls()).toEqual([
      ['write', '40{"token":"secret"}'],
      ['ready', { heartbeat: 45_000 }],
    ])
  })

  test('has no credentials without a token, and those of `auth`', () => {
    const bare = session({ namespace: '/admin' })()
    bare.receive(OPEN)
    const own = session({ auth: ({ clientId }) => ({ user: clientId }) })()
    own.receive(OPEN)
    expect([bare.calls(), own.calls()]).toEqual([[['write', '40/admin,']], [['write', '40{"user":"client"}']]])
  })

  test.for([
    ['44{"message":"not authorized","data":{"code":7}}', 'unauthorized'],
    ['44{"message":"Invalid namespace"}', 'rejected'],
    ['41', 'rejected'],
    ['1', 'connection-lost'],
  ] as const)('%s ends the connection: %s', ([frame, code]) => {
    const talk = session()()
    talk.receive(OPEN)
    talk.calls()
    talk.receive(frame)
    expect(talk.calls()).toEqual([['refused', code]])
  })

  test('a ping gets a pong, and other packets of Engine.IO nothing', () => {
    const talk = subscribed()
    talk.receive('2', '3', '6')
    expect(talk.calls()).toEqual([['write', '3']])
  })
})

describe('an event', () => {
  test('is a message of the topic with its name', () => {
    const talk = subscribed()
    talk.receive('42["a",{"n":1}]', '42["a",1,2]', '42["a"]', '42["b",1]', '42/admin,["a",1]', '42[7]', '42{}')
    expect(talk.calls()).toEqual([
      ['message', 1, { data: '{"n":1}', event: 'a', cursor: undefined }],
      ['message', 1, { data: '1', event: 'a', cursor: undefined }],
      ['message', 1, { data: 'null', event: 'a', cursor: undefined }],
    ])
  })

  test('that asks for an acknowledgement gets one', () => {
    const talk = subscribed()
    talk.receive('4212["a",1]')
    expect(talk.calls()).toEqual([
      ['write', '4312[]'],
      ['message', 1, { data: '1', event: 'a', cursor: undefined }],
    ])
  })

  test('has its bytes, alone or as Base64 within an object', () => {
    const talk = subscribed()
    const bytes = Uint8Array.of(0, 255)
    talk.receive('451-["a",{"_placeholder":true,"num":0}]', bytes)
    talk.receive(
      '452-["a",{"x":{"_placeholder":true,"num":1},"y":[{"_placeholder":true,"num":0}]}]',
      bytes,
      Uint8Array.of(1),
    )
    expect(talk.calls()).toEqual([
      ['message', 1, { data: bytes, event: 'a', cursor: undefined }],
      ['message', 1, { data: '{"x":"AQ==","y":["AP8="]}', event: 'a', cursor: undefined }],
    ])
  })

  test('that cannot be read is invalid: for its topic if that is known, and otherwise for every topic', () => {
    const talk = subscribed({ message: (event, [data]) => event !== 'b' && { topic: data.topic, data: data.value } })
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
    talk.receive(`42["a",{"topic":"a","value":${deep}}]`, '42["a"]', '42["b"]')
    expect(talk.calls()).toMatchObject([
      ['message', 1, { event: 'a', error: { code: 'invalid-message' } }],
      ['unreadable', 'a', 'invalid-message'],
    ])
  })

  test.for(['4', '4x', '42[', '47["a"]', Uint8Array.of(1)])('%s is unreadable for every topic', (frame) => {
    const talk = subscribed()
    talk.receive(frame)
    expect(talk.calls()).toEqual([['unreadable', frame, 'invalid-message']])
  })
})

describe('a message', () => {
  test('is sent as an event, with bytes in a frame of their own', () => {
    const talk = subscribed()
    talk.send(1, '{"n":1}', { key: 1 })
    talk.send(1, Uint8Array.of(1, 2), { key: 2 })
    talk.send(1, Buffer.from([3]), { key: 3 })
    expect(talk.calls()).toEqual([
      ['write', '42["a",{"n":1}]'],
      ['write', '451-["a",{"_placeholder":true,"num":0}]'],
      ['write', Uint8Array.of(1, 2)],
      ['write', '451-["a",{"_placeholder":true,"num":0}]'],
      ['write', Uint8Array.of(3)],
    ])
  })

  test('resolves or rejects with the acknowledgement', () => {
    const talk = subscribed({ acknowledges: true })
    for (const key of [1, 2, 3]) talk.send(1, '1', { key })
    expect(talk.calls()).toEqual([
      ['write', '420["a",1]'],
      ['write', '421["a",1]'],
      ['write', '422["a",1]'],
    ])
    talk.receive('432[{"error":"no"}]', '430[7]', '431[]', '431["again"]', '439["unknown"]')
    expect(talk.calls()).toEqual([
      ['sendRejected', 3, 'send-rejected'],
      ['acknowledged', 1, 7],
      ['acknowledged', 2, undefined],
    ])
  })
})

test.for(['x', -5, 0, null, {}])('a hello with the time %j has the default', (pingInterval) => {
  const talk = session()()
  talk.receive(`0${JSON.stringify({ sid: 's', pingInterval })}`, '40{"sid":"x"}')
  expect(talk.calls()[1]).toEqual(['ready', { heartbeat: 45_000 }])
})

test('a `rejected` that fails concerns what it was called for alone', () => {
  const rejected = (reply: { error?: string }) => (reply.error ? { message: reply.error } : (false as const))
  const talk = subscribed({ acknowledges: true, rejected })
  talk.send(1, '1', { key: 1 })
  talk.receive('430[]')
  expect(talk.calls().slice(1)).toEqual([['sendRejected', 1, 'exception']])
})

describe('a room', () => {
  const rooms: SocketIoOptions = {
    message: (event, [room, data]) => event === 'said' && { topic: room as string, data },
    subscribe: (room) => ['join', room],
    unsubscribe: (room) => ['leave', room],
  }

  test('is joined, open when the server acknowledged it, and left', () => {
    const talk = session(rooms)()
    talk.reads([1, 'a'])
    talk.receive(OPEN, '40{"sid":"x"}')
    expect(talk.calls().slice(2)).toEqual([['write', '420["join","a"]']])
    talk.receive('430[{}]', '42["said","a",1]', '42["other","a",2]')
    talk.unsubscribe(1)
    expect(talk.calls()).toEqual([
      ['subscribed', 1, { resumed: false, cursor: undefined }],
      ['message', 1, { data: '1', event: 'said', cursor: undefined }],
      ['write', '42["leave","a"]'],
    ])
  })

  test.for([
    ['{"error":"no"}', {}, 'rejected'],
    ['{"why":"busy"}', { rejected: ({ why }) => why && { message: why, retry: true } }, 'unavailable'],
    ['{"why":"user"}', { rejected: ({ why }) => why && { message: why, unauthorized: true } }, 'unauthorized'],
  ] satisfies [string, SocketIoOptions, string][])('is rejected with %s', ([reply, options, code]) => {
    const talk = session({ ...rooms, ...options })()
    talk.reads([1, 'a'])
    talk.receive(OPEN, '40{"sid":"x"}')
    talk.calls()
    talk.receive(`430[${reply}]`)
    expect(talk.calls()).toEqual([['rejected', 1, code]])
  })
})

describe('connection state recovery', () => {
  /** A session that received one event on its first connection, which is lost then. */
  function lost(...topics: [number, string][]) {
    const connect = session()
    const talk = connect()
    talk.reads(...topics)
    talk.receive(OPEN, '40{"sid":"x","pid":"p"}', '42["a",1,"o1"]')
    return { connect, talk, calls: talk.calls() }
  }

  test('gives each topic a cursor', () => {
    expect(lost([1, 'a'], [2, 'b']).calls.slice(2)).toEqual([
      ['subscribed', 1, { resumed: false, cursor: 'p/0' }],
      ['subscribed', 2, { resumed: false, cursor: 'p/0' }],
      ['message', 1, { data: '1', event: 'a', cursor: 'p/1' }],
    ])
  })

  test('delivers what was missed, which comes before the namespace is accepted, once and in order', () => {
    const { connect } = lost([1, 'a'], [2, 'b'])
    const next = connect()
    next.reads([3, 'a', 'p/1'], [4, 'b', 'p/0'])
    next.receive(
      OPEN,
      '42["a",1,"o1"]',
      '42["b",2,"o2"]',
      '42["a",3,"o3"]',
      '40{"sid":"x","pid":"p"}',
      '42["a",4,"o4"]',
    )
    expect(next.calls()).toEqual([
      ['write', '40{"pid":"p","offset":"o1"}'],
      ['ready', { heartbeat: 45_000 }],
      ['subscribed', 3, { resumed: true, cursor: 'p/1' }],
      ['subscribed', 4, { resumed: true, cursor: 'p/0' }],
      ['message', 4, { data: '2', event: 'b', cursor: 'p/2' }],
      ['message', 3, { data: '3', event: 'a', cursor: 'p/3' }],
      ['message', 3, { data: '4', event: 'a', cursor: 'p/4' }],
    ])
  })

  test('that failed is a gap on each topic', () => {
    const { connect } = lost([1, 'a'])
    const next = connect()
    next.reads([2, 'a', 'p/1'])
    next.receive(OPEN, '40{"sid":"y","pid":"q"}')
    expect(next.calls().slice(2)).toEqual([['subscribed', 2, { resumed: false, cursor: 'q/1' }]])
  })

  test.for([
    ['was left before the connection was lost', (talk: ReturnType<typeof lost>['talk']) => talk.unsubscribe(1), 'p/1'],
    ['is read from an earlier position', () => {}, 'p/0'],
    ['is read from the beginning', () => {}, undefined],
  ] as const)('does not resume a topic that %s', ([, act, cursor]) => {
    const { connect, talk } = lost([1, 'a'])
    act(talk)
    const next = connect()
    next.reads([2, 'a', cursor])
    next.receive(OPEN, '40{"sid":"x","pid":"p"}')
    expect(next.calls().slice(2)).toEqual([['subscribed', 2, { resumed: false, cursor: 'p/1' }]])
  })

  test('does not resume a topic that is subscribed after the others', () => {
    const { connect } = lost([1, 'a'])
    const next = connect()
    next.receive(OPEN, '40{"sid":"x","pid":"p"}')
    next.calls()
    next.subscribe({ id: 2, topic: 'a', cursor: 'p/1' })
    expect(next.calls()).toEqual([['subscribed', 2, { resumed: false, cursor: 'p/1' }]])
  })

  test('survives a connection that is lost before the namespace is accepted', () => {
    const { connect } = lost([1, 'a'])
    const cut = connect()
    cut.receive(OPEN, '42["a",2,"o2"]')
    const next = connect()
    next.reads([2, 'a', 'p/1'])
    next.receive(OPEN, '42["a",2,"o2"]', '40{"sid":"x","pid":"p"}')
    expect(next.calls()).toEqual([
      ['write', '40{"pid":"p","offset":"o1"}'],
      ['ready', { heartbeat: 45_000 }],
      ['subscribed', 2, { resumed: true, cursor: 'p/1' }],
      ['message', 2, { data: '2', event: 'a', cursor: 'p/2' }],
    ])
  })

  test('asks for what follows the last offset, whatever came without one', () => {
    const { connect, talk } = lost([1, 'a'])
    talk.receive('427["a",2]')
    expect(talk.calls()).toEqual([
      ['write', '437[]'],
      ['message', 1, { data: '2', event: 'a', cursor: 'p/2' }],
    ])
    const next = connect()
    next.receive(OPEN)
    expect(next.calls()).toEqual([['write', '40{"pid":"p","offset":"o1"}']])
  })

  test('neither removes nor drops data that a server sends without an offset', () => {
    const { talk } = lost([1, 'a'])
    talk.receive('42["a","tick"]', '42["a","tick"]', '42["a",{"n":1},"x"]')
    expect(talk.calls()).toMatchObject([
      ['message', 1, { data: '"tick"' }],
      ['message', 1, { data: '"tick"' }],
      ['message', 1, { data: '{"n":1}' }],
    ])
  })

  test('recognises an event without data that is sent again', () => {
    const { connect, talk } = lost([1, 'a'])
    talk.receive('42["a","o2"]')
    const next = connect()
    next.reads([2, 'a', 'p/2'])
    next.receive(OPEN, '42["a","o2"]', '42["a",3,"o3"]', '40{"sid":"x","pid":"p"}')
    expect(next.calls().slice(2)).toEqual([
      ['subscribed', 2, { resumed: true, cursor: 'p/2' }],
      ['message', 2, { data: '3', event: 'a', cursor: 'p/3' }],
    ])
  })

  test('leaves a room at the server that nobody reads any more', () => {
    const connect = session({ unsubscribe: (room) => ['leave', room] })
    const talk = connect()
    talk.reads([1, 'a'], [2, 'b'])
    talk.receive(OPEN, '40{"sid":"x","pid":"p"}', '42["a",1,"o1"]')
    const next = connect()
    next.reads([3, 'a', 'p/1'])
    next.receive(OPEN, '40{"sid":"x","pid":"p"}')
    expect(next.calls().slice(2)).toEqual([
      ['subscribed', 3, { resumed: true, cursor: 'p/1' }],
      ['write', '42["leave","b"]'],
    ])
  })
})

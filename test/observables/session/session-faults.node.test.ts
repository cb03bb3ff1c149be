import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { PushError, backoff, defineChannel, type Channel, type PushClientOptions } from 'pinia-push/observables'
import { start, subscribes, topic, type Frame } from './start.ts'
import { waitFor } from '../../wait-for.ts'

/** Starts a server that does with each frame as a test decides. */
async function scripted(receive: (frame: Frame, send: (frame: object) => void, socket: WebSocket) => void) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const frames: Frame[] = []
  server.on('connection', (socket) =>
    socket.on('message', (text) => {
      const frame = JSON.parse(String(text)) as Frame
      frames.push(frame)
      receive(frame, (reply) => socket.send(JSON.stringify(reply)), socket)
    }),
  )
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  return {
    baseUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    frames,
    send: (frame: object) => {
      for (const socket of server.clients) socket.send(JSON.stringify(frame))
    },
    drop: () => {
      for (const socket of server.clients) socket.terminate()
    },
  }
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Reads a topic of a scripted server. */
async function reading(
  receive: Parameters<typeof scripted>[0],
  own: Parameters<typeof start>[1] = {},
  options: PushClientOptions = {},
) {
  const server = await scripted(receive)
  return { server, ...(await start({}, own, { ...options, baseUrl: server.baseUrl })) }
}

describe('an acknowledgement', () => {
  test('that resumes does not move the position past messages that have not arrived', async () => {
    let connections = 0
    const { server, read } = await reading((frame, send, socket) => {
      if (frame.op !== 'subscribe') return
      connections += 1
      const resumed = frame.since !== undefined
      // The topic's present place is 3, and the messages up to it follow.
      send({ op: 'subscribed', topic: 'a', resumed, seq: resumed ? 3 : 0 })
      if (connections === 1) send({ op: 'event', topic: 'a', seq: 1, data: 1 })
      else if (connections === 2) setTimeout(() => socket.terminate(), 30)
      else for (let seq = frame.since + 1; seq <= 3; seq++) send({ op: 'event', topic: 'a', seq, data: seq })
    })
    const a = read('a')
    await a.sees(1)
    server.drop()
    await a.sees(1, 2, 3)
    expect(a.gaps()).toEqual([])
  })

  test('that never arrives is requested again, until the server acknowledges', async () => {
    let mute = true
    const { server, read } = await reading(
      (frame, send) => {
        if (frame.op === 'subscribe' && !mute) send({ op: 'subscribed', topic: 'a', seq: 0 })
      },
      {},
      { connectTimeout: 40 },
    )
    const a = read('a')
    await a.status('reconnecting')
    mute = false
    await a.status('open')
    server.send({ op: 'event', topic: 'a', seq: 1, data: 1 })
    await a.sees(1)
  })

  test('that arrives twice for one subscription emits no event', async () => {
    const { server, read } = await reading((frame, send) => {
      if (frame.op !== 'subscribe') return
      send({ op: 'subscribed', topic: 'other', seq: 9 })
      send({ op: 'subscribed', topic: 'a', seq: 0 })
      send({ op: 'subscribed', topic: 'a', seq: 0 })
      send({ op: 'end', topic: 'other' })
      send({ op: 'event', topic: 'other', seq: 1, data: 'other' })
    })
    const a = read('a')
    await a.status('open')
    server.send({ op: 'event', topic: 'a', seq: 1, data: 1 })
    await a.sees(1)
    expect(a.events.map(({ type }) => type)).toEqual(['connecting', 'open', 'message'])
  })

  test('of each of two requests, the first of them late, causes a gap and never a silent repeat', async () => {
    const { read } = await reading(
      (frame, send) => {
        if (frame.op !== 'subscribe') return
        setTimeout(() => {
          send({ op: 'subscribed', topic: 'a', resumed: true })
          for (const seq of [1, 2]) send({ op: 'event', topic: 'a', seq, data: seq })
        }, 60)
      },
      {},
      { connectTimeout: 40 },
    )
    const a = read('a')
    await waitFor(() => expect(a.data()).toEqual([1, 2, 1, 2]))
    expect(a.gaps()).toEqual(['not-resumed'])
    const types = a.events.map(({ type }) => type)
    expect(types.slice(types.indexOf('open'))).toEqual(['open', 'message', 'message', 'gap', 'message', 'message'])
  })

  test('of a subscription that was left does not open the next one too early', async () => {
    // Each acknowledgement takes 40 ms. Between leaving and joining again, a message is published that nobody gets.
    const { server, read } = await reading((frame, send) => {
      if (frame.op === 'subscribe') setTimeout(() => send({ op: 'subscribed', topic: frame.topic, seq: 0 }), 40)
    })
    const keeper = read('b')
    await waitFor(() => expect(subscribes(server, 'b')).toBe(1))
    read('a').leave()
    const a = read('a')
    await a.status('open')
    // The server has one subscription of the topic, and it is that of the reader.
    expect(server.frames.map(({ op, topic: name }) => `${op} ${name}`)).toEqual(['subscribe b', 'subscribe a'])
    keeper.leave()
  })
})

describe('messages of a subscription that was left', () => {
  test('do not belong to the next one: none is repeated, and a gap is emitted', async () => {
    const { server, read, push } = await reading((frame, send) => {
      if (frame.op !== 'subscribe' || frame.topic !== 'a') return
      const resumed = frame.since !== undefined
      // They were sent before the server read that the topic was left.
      if (resumed) for (const seq of [3]) send({ op: 'event', topic: 'a', seq, data: seq })
      send({ op: 'subscribed', topic: 'a', resumed, seq: frame.since ?? 0 })
      for (let seq = (frame.since ?? 0) + 1; seq <= (resumed ? 3 : 1); seq++)
        send({ op: 'event', topic: 'a', seq, data: seq })
    })
    const other = read('other')
    const a = read('a')
    await a.sees(1)
    push.channel(topic('a')).close()
    push.channel(topic('a')).reconnect()
    await a.sees(1, 2, 3)
    expect(a.gaps()).toEqual(['not-resumed'])
    expect(subscribes(server, 'a')).toBe(2)
    other.leave()
  })

  test('do not reach a reader that leaves and joins again in their handler', async () => {
    const { read, push } = await reading(
      (frame, send) => {
        if (frame.op !== 'subscribe') return
        if (frame.topic === 'a' && frame.first === undefined) send({ op: 'event', topic: 'a', data: 'm' })
      },
      { subscribed: undefined as never },
    )
    read('keeper')
    const seen: unknown[] = []
    const join = (): void => {
      const reader = push.channel(topic('a')).messages$.subscribe(({ data }) => {
        seen.push(data)
        if (seen.length > 20) return
        reader.unsubscribe()
        if (seen.length === 1) join()
      })
    }
    join()
    await waitFor(() => expect(seen).toHaveLength(2))
    await wait(30)
    // One for each subscription.
    expect(seen).toHaveLength(2)
  })
})

describe('a topic that cannot be subscribed', () => {
  test.each([
    [
      'throws',
      (): object => {
        throw new Error('no')
      },
      'prepare-failed',
      'reconnecting',
    ],
    ['returns nothing', (): undefined => undefined, 'invalid-option', 'failed'],
  ] as const)('because `subscribe` %s fails alone', async (_, fault, code, status) => {
    const { json, read } = await start(
      {},
      {
        subscribe: (name) => (name === 'bad' ? fault() : { op: 'subscribe', topic: name }),
      },
    )
    const a = read('a')
    await a.status('open')
    const [bad, c] = [read('bad'), read('c')]
    await Promise.all([bad.status(status), c.status('open')])
    expect(bad.channel.state.error?.code).toBe(code)
    expect([a.channel.status, json.connections]).toEqual(['open', 1])
    json.drop()
    await waitFor(() => expect(json.connections).toBe(2))
    await Promise.all([a.status('open'), c.status('open')])
  })
})

describe('a reader that leaves', () => {
  test('while the server closes the connection', async () => {
    const { server, read } = await reading((frame, send, socket) => {
      if (frame.op !== 'subscribe') return
      send({ op: 'subscribed', topic: frame.topic, seq: 0 })
      if (frame.topic === 'closes') socket.close(4000)
    })
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    const closes = read('closes')
    // The client reads the acknowledgement and the close frame in one turn.
    closes.channel.state$.subscribe(({ status }) => {
      if (status === 'open') setTimeout(() => b.leave())
    })
    await waitFor(() => expect(closes.channel.status).toBe('reconnecting'))
    closes.leave()
    await a.status('open')
    expect(b.channel.status).toBe('idle')
    expect(subscribes(server, 'b')).toBe(1)
  })

  test('does so even if `unsubscribe` of the backend throws, which fails the connection', async () => {
    const { json, read } = await start(
      {},
      {
        unsubscribe: () => {
          throw new TypeError('a mistake')
        },
      },
    )
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    expect(() => b.leave()).not.toThrow()
    await a.status('failed')
    expect(a.channel.state.error?.code).toBe('exception')
    a.leave()
    await waitFor(() => expect(json.open).toBe(0))
  })

  test('and joins again, in the handler of any event and in every order, ends open and in order', async () => {
    const { json, push, read } = await start()
    read('keeper')
    for (const type of ['connecting', 'open', 'message'] as const) {
      const name = `leaves at ${type}`
      const data: unknown[] = []
      let left = false
      const join = (): void => {
        const reader = push.channel(topic(name)).events$.subscribe((event) => {
          if (event.type === 'message') data.push(event.data)
          if (event.type !== type || left) return
          left = true
          queueMicrotask(() => reader.unsubscribe())
          join()
        })
      }
      join()
      const channel = push.channel(topic(name))
      await waitFor(() => expect(channel.status).toBe('open'))
      json.publish(name, 1)
      await waitFor(() => expect(left).toBe(true))
      await waitFor(() => expect(data.at(-1)).toBe(1))
    }
  })
})

describe('`reconnect()` and `close()` of one topic', () => {
  test.each(['before the connection', 'open', 'while it reconnects'])(
    'work %s, and do not affect other topics',
    async (phase) => {
      const { json, read } = await start()
      const [a, b] = [read('a'), read('b')]
      if (phase === 'open' || phase === 'while it reconnects') await Promise.all([a.status('open'), b.status('open')])
      if (phase === 'while it reconnects') {
        json.refuse(true)
        json.drop()
        await a.status('reconnecting')
      }
      a.channel.reconnect()
      a.channel.close()
      expect(a.channel.status).toBe('closed')
      a.channel.reconnect()
      a.channel.close()
      a.channel.reconnect()
      json.refuse(false)
      await Promise.all([a.status('open'), b.status('open')])
      json.publish('a', 1)
      json.publish('b', 1)
      await Promise.all([a.sees(1), b.sees(1)])
      expect(b.gaps()).toEqual([])
    },
  )

  test('called in the handler of a rejection subscribes once', async () => {
    const { json, read } = await start()
    const busy = read('busy')
    let calls = 0
    busy.channel.events$.subscribe(({ type }) => {
      if (type !== 'connecting' && type !== 'reconnecting') return
      if ((calls += 1) < 10) busy.channel.reconnect()
    })
    await busy.status('open')
    expect(subscribes(json, 'busy')).toBe(2)
  })
})

test('a message that a closing connection does not accept does not fail the connection', async () => {
  const { server, read } = await reading(
    (frame, send, socket) => {
      if (frame.op !== 'subscribe') return
      send({ op: 'subscribed', topic: frame.topic, seq: 0 })
      if (server.frames.length > 1) return
      // The client reads the ping when it has read that the connection closes.
      for (let n = 0; n < 50; n++) send({ op: 'ping' })
      socket.close(4000)
    },
    { pong: (frame) => frame.op === 'ping' && { op: 'pong' } },
  )
  const a = read('a')
  await waitFor(() => expect(subscribes(server, 'a')).toBe(2))
  await a.status('open')
})

describe('the failure of a connection', () => {
  test('fails each topic, and `reconnect()` in the handler of one connects that one again', async () => {
    let good = false
    const { json, read } = await start(
      { tokens: new Set(['good']) },
      { hello: ({ token }) => ({ op: 'login', token }), ready: (frame) => frame.op === 'welcome' },
      { auth: { token: () => (good ? 'good' : 'bad') } },
    )
    const [a, b] = [read('a'), read('b')]
    a.channel.events$.subscribe(({ type }) => {
      if (type !== 'failed') return
      good = true
      a.channel.reconnect()
    })
    await a.status('open')
    expect(b.channel.status).toBe('failed')
    expect(b.events.at(-1)?.type).toBe('failed')
    b.channel.reconnect()
    await b.status('open')
    expect(json.open).toBe(1)
  })

  test('after `client.close()` is final, with nothing left open', async () => {
    const { json, push, read } = await start()
    const [a, b] = [read('a'), read('b')]
    await a.status('open')
    const sent = a.channel.send(1)
    push.close()
    await sent.catch(() => {})
    expect([a.channel.status, b.channel.status]).toEqual(['closed', 'closed'])
    a.channel.reconnect()
    await a.status('failed')
    expect(a.channel.state.error?.code).toBe('client-closed')
    await waitFor(() => expect(json.open).toBe(0))
    expect(() => push.channel(topic('c'))).toThrow(PushError)
  })
})

describe('a message to send', () => {
  test('that the server never accepts rejects after `sendTimeout`, and the next one is sent', async () => {
    let accepts = false
    const { read } = await reading(
      (frame, send) => {
        if (frame.op === 'subscribe') send({ op: 'subscribed', topic: frame.topic, seq: 0 })
        if (frame.op === 'publish' && accepts) send({ op: 'accepted', key: frame.key })
      },
      {},
      { sendTimeout: 50 },
    )
    const a = read('a')
    await a.status('open')
    await expect(a.channel.send(1)).rejects.toMatchObject({ code: 'send-aborted' })
    accepts = true
    await expect(a.channel.send(2)).resolves.toBeUndefined()
  })

  test('whose connection is lost before it was accepted rejects, and one that waits is sent later', async () => {
    const { server, read } = await reading((frame, send, socket) => {
      if (frame.op === 'subscribe') send({ op: 'subscribed', topic: frame.topic, seq: 0 })
      if (frame.op !== 'publish') return
      if (frame.data === 'lost') socket.terminate()
      else send({ op: 'accepted', key: frame.key })
    })
    const a = read('a')
    await a.status('open')
    const [lost, later] = [a.channel.send('lost'), a.channel.send('later')]
    await expect(lost).rejects.toMatchObject({ code: 'send-aborted' })
    await expect(later).resolves.toBeUndefined()
    expect(server.frames.filter(({ op }) => op === 'publish').map(({ data }) => data)).toEqual(['lost', 'later'])
  })

  test('waits after a temporary rejection, and rejects with a final one', async () => {
    const { json, read } = await start()
    await expect(read('busy').channel.send(1)).resolves.toBeUndefined()
    await expect(read('missing').channel.send(1)).rejects.toMatchObject({ code: 'send-aborted' })
    expect(json.connections).toBe(1)
  })
})

test('each definition may have its own policy for the failures of its topic', async () => {
  const { read, push } = await start()
  const once = defineChannel({ topic: 'busy', retry: backoff({ maxRetries: 0 }) })
  const busy = read('busy', push.channel(once()) as Channel<unknown, unknown>)
  await busy.status('failed')
  expect(busy.channel.state.error?.code).toBe('retries-exhausted')
})

test('two definitions of a topic share a connection, and development does not warn', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  onTestFinished(() => warn.mockRestore())
  const { read, push } = await start({}, {}, { warnings: true })
  const text = defineChannel({ topic: 'a', decode: (raw) => raw })
  const [one, two] = [read('a'), read('a', push.channel(text()) as Channel<unknown, unknown>)]
  await Promise.all([one.status('open'), two.status('open')])
  await wait(20)
  expect(warn).not.toHaveBeenCalled()
})

import { describe, expect, onTestFinished, test } from 'vitest'
import { defineChannel, type Channel, type JsonMessagesOptions } from 'pinia-push/observables'
import { start, subscribes, type Frame } from './start.ts'
import { waitFor } from '../../wait-for.ts'

describe('one connection for all channels of a client', () => {
  test('delivers each topic to its own readers, in order', async () => {
    const { json, read } = await start()
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    for (let n = 1; n <= 50; n++) {
      json.publish('a', { a: n })
      json.publish('b', { b: n })
    }
    const numbers = Array.from({ length: 50 }, (_, index) => index + 1)
    await a.sees(...numbers.map((n) => ({ a: n })))
    await b.sees(...numbers.map((n) => ({ b: n })))
    expect(json.connections).toBe(1)
    expect([...a.gaps(), ...b.gaps()]).toEqual([])
  })

  test('closes after its last reader left, and unsubscribes those that left before', async () => {
    const { json, read } = await start()
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    a.leave()
    await waitFor(() => expect(json.frames.at(-1)).toEqual({ op: 'unsubscribe', topic: 'a' }))
    expect(json.open).toBe(1)
    b.leave()
    await waitFor(() => expect(json.open).toBe(0))
  })

  test('is shared by a channel that is opened later', async () => {
    const { json, read } = await start()
    await read('a').status('open')
    const b = read('b')
    await b.status('open')
    json.publish('b', 1)
    await b.sees(1)
    expect(json.connections).toBe(1)
  })

  test('subscribes a topic once, whatever number of definitions read it', async () => {
    const { json, push, read } = await start()
    const text = defineChannel({ topic: 'a', decode: (raw) => `raw ${raw}` })
    const [one, two] = [read('a'), read('a', push.channel(text()) as Channel<unknown, unknown>)]
    await Promise.all([one.status('open'), two.status('open')])
    json.publish('a', 1)
    await one.sees(1)
    await two.sees('raw 1')
    expect(subscribes(json, 'a')).toBe(1)
  })
})

describe('a lost connection', () => {
  test('reconnects once, and every topic resumes from its own cursor, with nothing lost or repeated', async () => {
    const { json, read } = await start()
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    json.publish('a', 1)
    json.publish('b', 1)
    await Promise.all([a.sees(1), b.sees(1)])
    json.refuse(true)
    json.drop()
    await Promise.all([a.status('reconnecting'), b.status('reconnecting')])
    expect(a.channel.state.error?.code).toBe(b.channel.state.error?.code)
    json.publish('a', 2)
    json.publish('b', 2)
    json.publish('a', 3)
    json.refuse(false)
    await a.sees(1, 2, 3)
    await b.sees(1, 2)
    expect(json.connections).toBe(2)
    expect([...a.gaps(), ...b.gaps()]).toEqual([])
  })

  test('causes a gap for a topic whose messages the server no longer has, and for no other', async () => {
    const { json, read } = await start({ keeps: 1 })
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    json.publish('a', 1)
    json.publish('b', 1)
    await Promise.all([a.sees(1), b.sees(1)])
    json.refuse(true)
    json.drop()
    await a.status('reconnecting')
    for (const n of [2, 3]) json.publish('a', n)
    json.publish('b', 2)
    json.refuse(false)
    await b.sees(1, 2)
    await a.status('open')
    json.publish('a', 4)
    await a.sees(1, 4)
    expect(a.gaps()).toEqual(['not-resumed'])
    expect(b.gaps()).toEqual([])
  })

  test('causes a gap if the declaration has no cursor', async () => {
    const { json, read } = await start(
      {},
      {
        message: (frame) => frame.op === 'event' && { topic: frame.topic, data: frame.data },
        subscribed: (frame) => frame.op === 'subscribed' && frame.topic,
      },
    )
    const a = read('a')
    await a.status('open')
    json.publish('a', 1)
    await a.sees(1)
    json.drop()
    await waitFor(() => expect(json.connections).toBe(2))
    await a.status('open')
    json.publish('a', 2)
    await a.sees(1, 2)
    expect(a.events.map(({ type }) => type).slice(-3)).toEqual(['open', 'gap', 'message'])
  })

  test('may be joined, and left, while the client reconnects', async () => {
    const { json, read } = await start()
    const a = read('a')
    await a.status('open')
    json.refuse(true)
    json.drop()
    await a.status('reconnecting')
    const [b, c] = [read('b'), read('c')]
    expect(b.channel.status).toBe('reconnecting')
    c.leave()
    json.refuse(false)
    await Promise.all([a.status('open'), b.status('open')])
    expect(subscribes(json, 'c')).toBe(0)
    json.publish('b', 1)
    await b.sees(1)
  })
})

describe('one topic among many', () => {
  test('that is rejected fails alone', async () => {
    const { json, read } = await start()
    const [a, missing, other] = [read('a'), read('missing'), read('private')]
    await Promise.all([a.status('open'), missing.status('failed'), other.status('failed')])
    expect([missing.channel.state.error?.code, other.channel.state.error?.code]).toEqual(['rejected', 'unauthorized'])
    json.publish('a', 1)
    await a.sees(1)
    expect(json.connections).toBe(1)
  })

  test('that is temporarily rejected is subscribed again', async () => {
    const { json, read } = await start()
    const busy = read('busy')
    await busy.status('open')
    expect(busy.events.map(({ type }) => type)).toEqual(['connecting', 'reconnecting', 'connecting', 'open'])
    expect(json.connections).toBe(1)
  })

  test('that the server does not acknowledge is subscribed twice, and reported', async () => {
    const { json, read } = await start({}, {}, { connectTimeout: 200 })
    const [a, mute] = [read('a'), read('mute')]
    await a.status('open')
    await mute.status('reconnecting')
    expect(mute.channel.state.error?.code).toBe('connect-timeout')
    expect(subscribes(json, 'mute')).toBeGreaterThanOrEqual(2)
    expect([a.channel.status, json.connections]).toEqual(['open', 1])
  })

  test('that ends is closed alone, and `reconnect()` subscribes it again', async () => {
    const { json, read } = await start()
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('open'), b.status('open')])
    json.end('a')
    await a.status('closed')
    expect(b.channel.status).toBe('open')
    a.channel.reconnect()
    await a.status('open')
  })

  test('whose messages arrive before the acknowledgement loses none of them', async () => {
    const { json, read } = await start()
    const eager = read('eager')
    await eager.status('open')
    json.publish('eager', 1)
    await eager.sees(1)
    json.refuse(true)
    json.drop()
    await eager.status('reconnecting')
    json.publish('eager', 2)
    json.refuse(false)
    await eager.sees(1, 2)
    expect(eager.gaps()).toEqual([])
  })
})

describe('a hello', () => {
  const hello: Partial<JsonMessagesOptions<Frame>> = {
    hello: ({ token }) => ({ op: 'login', token }),
    ready: (frame) => frame.op === 'welcome',
  }

  test('is sent before anything else, with the token of `auth`', async () => {
    const { json, read } = await start({ tokens: new Set(['good']) }, hello, { auth: { token: () => 'good' } })
    await read('a').status('open')
    expect(json.frames.slice(0, 2).map(({ op }) => op)).toEqual(['login', 'subscribe'])
  })

  test('that is rejected causes one request for another token, and then fails every channel', async () => {
    const tokens = ['old', 'older']
    const { json, read } = await start({ tokens: new Set(['good']) }, hello, {
      auth: { token: () => tokens.shift() ?? 'oldest' },
    })
    const [a, b] = [read('a'), read('b')]
    await Promise.all([a.status('failed'), b.status('failed')])
    expect(a.channel.state.error?.code).toBe('unauthorized')
    expect(json.frames.map(({ token }) => token)).toEqual(['old', 'older'])
  })

  test('that is rejected succeeds with another token', async () => {
    const tokens = ['old', 'good']
    const { json, read } = await start({ tokens: new Set(['good']) }, hello, {
      auth: { token: async () => tokens.shift() ?? 'none' },
    })
    await read('a').status('open')
    expect(json.frames.flatMap(({ op, token }) => (op === 'login' ? [token] : []))).toEqual(['old', 'good'])
  })

  test('without a response is a `connect-timeout`, whatever else the server sends', async () => {
    const { json, read } = await start({ ignoresLogin: true }, hello, { connectTimeout: 200 })
    const a = read('a')
    await waitFor(() => expect(json.connections).toBe(1))
    const noise = setInterval(() => json.raw('{"op":"noise"}'), 20)
    onTestFinished(() => clearInterval(noise))
    await a.status('reconnecting')
    expect(a.channel.state.error?.code).toBe('connect-timeout')
  })
})

describe('sending', () => {
  test('resolves when the server accepted the message, and rejects with its reason', async () => {
    const { json, read } = await start()
    const a = read('a')
    await a.status('open')
    await expect(a.channel.send({ price: 3 })).resolves.toBeUndefined()
    await a.sees({ price: 3 })
    await expect(a.channel.send(null)).rejects.toMatchObject({
      code: 'send-rejected',
      message: expect.stringContaining('nothing to say'),
    })
    expect(json.frames.filter(({ op }) => op === 'publish')).toHaveLength(2)
  })

  test('waits until the topic is subscribed', async () => {
    const { read } = await start()
    const a = read('a')
    await expect(a.channel.send(1)).resolves.toBeUndefined()
  })
})

test('a frame that cannot be parsed is `invalid` on every topic, and the next message arrives', async () => {
  const { json, read } = await start()
  const [a, b] = [read('a'), read('b')]
  await Promise.all([a.status('open'), b.status('open')])
  json.raw('{"op":')
  json.publish('a', 1)
  json.publish('b', 1)
  await Promise.all([a.sees(1), b.sees(1)])
  for (const { events } of [a, b]) expect(events.filter(({ type }) => type === 'invalid')).toHaveLength(1)
})

test('a server that stops responding to pings is disconnected, and the topics resume', async () => {
  const { json, read } = await start(
    {},
    { ping: { every: 50, frame: { op: 'ping' }, reply: (frame) => frame.op === 'pong', within: 10_000 } },
  )
  const a = read('a')
  await a.status('open')
  await waitFor(() => expect(json.frames.filter(({ op }) => op === 'ping').length).toBeGreaterThan(2))
  expect([a.channel.status, json.connections, a.events.filter(({ type }) => type === 'invalid')]).toEqual([
    'open',
    1,
    [],
  ])
})

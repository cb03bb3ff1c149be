import { describe, expect, onTestFinished, vi } from 'vitest'
import { HubError, type HubOptions, type Receive, type ReceivedMessage } from 'pinia-push/hub'
import { overTcp } from './lines.ts'
import { raw, test, type Served } from './serve.ts'
import { openSession } from './sessions/session-client.ts'
import { waitFor } from '../wait-for.ts'

const post = (url: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'content-type': 'text/plain', ...headers } })

/** A hub whose log is kept. */
const logging = (options: HubOptions) => {
  const logged: unknown[][] = []
  return { logged, options: { ...options, log: (...line: unknown[]) => void logged.push(line) } }
}

/** Every way to publish: each resolves with the status of what became of the message. */
const WAYS = {
  'a POST': async ({ url }) => (await post(`${url}a`, 'x')).status,
  'a session': async ({ url }) => {
    const session = await openSession(url)
    session.send({ publish: 'a', id: 1, body: 'x' })
    const { ok, status } = await session.next()
    return ok === 1 ? 202 : status
  },
  'a line over TCP': async ({ hub }) => {
    const { send: sendLine, next, leave } = overTcp((await hub.listenTcp()).port)
    onTestFinished(leave)
    sendLine({ subscribe: './a' })
    await next()
    sendLine({ text: 'x' })
    const { status, text } = (await next()) ?? {}
    return text === 'x' ? 202 : status
  },
} satisfies Record<string, (served: Served) => Promise<unknown>>

describe('`receive`', () => {
  test('gets each message that a client publishes, with what `authorize` knows, before it is published', async ({
    serve,
    frames,
  }) => {
    const received: (ReceivedMessage & { kept: number })[] = []
    const { hub, url } = await serve({
      authorize: () => true,
      receive: (message) => void received.push({ ...message, kept: hub.state(message.channel)?.messages ?? 0 }),
    })
    await post(`${url}a?token=t`, '{"n":1}', {
      'content-type': 'application/json',
      'x-eventsource-event': 'price',
      'x-own': 'mine',
    })
    await post(`${url}b`, Uint8Array.of(0, 255), { 'content-type': 'application/octet-stream' })
    await post(`${url}c`, Uint8Array.of(255), { 'content-type': 'text/plain' })
    const session = await openSession(`${url}?token=s`)
    session.send({ publish: 'd', id: 1, body: 'é' })
    await session.next()
    const { socket, next } = frames(`${url}e?token=w`)
    await next()
    socket.send('ws')
    await next()
    hub.publish('f', 'of the application')
    expect(received).toMatchObject([
      {
        channel: 'a',
        data: '{"n":1}',
        contentType: 'application/json',
        event: 'price',
        headers: { 'x-own': 'mine' },
        clientIp: '127.0.0.1',
        kept: 0,
      },
      { channel: 'b', data: Uint8Array.of(0, 255), contentType: 'application/octet-stream', event: undefined },
      { channel: 'c', data: Uint8Array.of(255), contentType: 'text/plain' },
      { channel: 'd', data: 'é', contentType: 'text/plain' },
      { channel: 'e', data: 'ws', contentType: 'text/plain', kept: 0 },
    ])
    expect(received.map(({ query }) => query.get('token'))).toEqual(['t', null, null, 's', 'w'])
  })

  test('is not called for a message that `authorize` or the hub refuses', async ({ serve }) => {
    const receive = vi.fn<Receive>()
    const { hub, url } = await serve({
      authorize: ({ channel }) => channel !== 'private',
      receive,
      maxMessageBytes: 10,
      maxChannels: 1,
    })
    hub.publish('full', 'x')
    const session = await openSession(url)
    const statuses = [
      (await post(`${url}private`, 'x')).status,
      (await post(`${url}full`, 'x'.repeat(11))).status,
      (await post(`${url}full`, 'x', { 'x-eventsource-event': 'push.end' })).status,
      (await post(`${url}b`, 'x')).status,
    ]
    session.send({ publish: 'private', id: 1, body: 'x' }, { publish: 'b', id: 2, body: 'x' })
    statuses.push(...(await session.take(2)).map(({ status }) => Number(status)))
    expect(statuses).toEqual([403, 413, 400, 503, 403, 503])
    expect(receive).not.toHaveBeenCalled()
  })

  test('cannot change the message', async ({ serve }) => {
    const receive = ({ data }: ReceivedMessage) => void (data as Uint8Array).fill(0)
    const { url } = await serve({ receive, startFrom: 'oldest' })
    await post(`${url}a`, Uint8Array.of(1, 2), { 'content-type': 'application/octet-stream' })
    const poll = await fetch(`${url}a?wait=0`)
    expect([...new Uint8Array(await poll.arrayBuffer())]).toEqual([1, 2])
  })
})

describe('a reply', () => {
  test.for<[string, unknown]>([
    ['an object', { id: 1, text: 'é\n" ' }],
    ['null', null],
    ['false', false],
    ['an empty text', ''],
    ['a list', [1, [2]]],
    ['16,384 characters', 'x'.repeat(16_382)],
  ])('that is %s goes to the client with the acknowledgement', async ([, reply], { serve }) => {
    const { url } = await serve({ receive: async () => reply })
    const response = await post(`${url}a`, 'x', { accept: 'application/json' })
    expect([response.status, response.headers.get('content-type')]).toEqual([202, 'application/json'])
    expect(await response.json()).toEqual(reply)
    const session = await openSession(url)
    session.send({ publish: 'a', id: 1, body: 'x' }, { publish: 'a', id: 2, body: 'y' })
    expect(await session.take(2)).toEqual([
      { ok: 1, reply },
      { ok: 2, reply },
    ])
  })

  test('is absent where `receive` returns nothing', async ({ serve }) => {
    const { url } = await serve({ receive: () => undefined })
    const response = await post(`${url}a`, 'x')
    expect([response.headers.get('content-type'), await response.text()]).toEqual([
      'text/plain; charset=utf-8',
      'Published to 0 subscribers.\n',
    ])
    const session = await openSession(url)
    session.send({ publish: 'a', id: 1, body: 'x' })
    expect(await session.next()).toEqual({ ok: 1 })
  })

  test('of a message that is sent again is the first one, by whichever session', async ({ serve }) => {
    let count = 0
    const { hub, url } = await serve({ receive: async () => (count += 1) })
    const publisher = 'p'.repeat(32)
    for (let n = 0; n < 2; n += 1) {
      const session = await openSession(url)
      session.send({ publisher, id: 1 }, { publish: 'a', id: 2, number: 7, body: 'x' })
      expect((await session.take(2))[1]).toEqual({ ok: 2, reply: 1 })
    }
    expect([count, hub.state('a')?.messages]).toEqual([1, 1])
  })

  test('is the same for a message that is sent again while the first attempt is pending', async ({ serve }) => {
    const finish: ((reply: unknown) => void)[] = []
    const { url } = await serve({ receive: () => new Promise((resolve) => finish.push(resolve)) })
    const publisher = 'p'.repeat(32)
    const sessions = await Promise.all([openSession(url), openSession(url)])
    for (const session of sessions) {
      session.send({ publisher, id: 1 }, { publish: 'a', id: 2, number: 7, body: 'x' })
      await session.next()
    }
    await waitFor(() => expect(finish).toHaveLength(1))
    sessions[0].socket.terminate()
    finish[0]?.({ id: 5 })
    expect(await sessions[1].next()).toEqual({ ok: 2, reply: { id: 5 } })
    expect(finish).toHaveLength(1)
  })

  test('that is slow delays the messages behind it, and changes no order', async ({ serve }) => {
    const finish: (() => void)[] = []
    const { url } = await serve({
      receive: ({ data }) => data === '0' && new Promise((resolve) => finish.push(() => resolve(data))),
    })
    const session = await openSession(url)
    session.send({ subscribe: 'a', id: 100 })
    await session.next()
    session.send(...Array.from({ length: 5 }, (_, id) => ({ publish: 'a', id, body: String(id) })))
    await waitFor(() => expect(finish).toHaveLength(1))
    finish[0]?.()
    const heads = await session.take(10)
    expect(heads.flatMap(({ body }) => body ?? [])).toEqual(['0', '1', '2', '3', '4'])
    expect(heads.flatMap(({ ok }) => ok ?? [])).toEqual([0, 1, 2, 3, 4])
  })
})

const throws = (error: unknown) => () => {
  throw error
}
const rejects = (error: unknown) => async () => {
  throw error
}

describe('a message that `receive` rejects', () => {
  test.for(
    Object.entries(WAYS).flatMap(([way, by]) =>
      Object.entries({ throws, rejects }).map(([how, make]) => [how, way, by, make] as const),
    ),
  )('(it %s) with a status is refused with it, by %s', async ([, , by, make], { serve }) => {
    const { logged, options } = logging({
      receive: make(new HubError('rejected', 'Sold out.', { status: 409 })),
    })
    const served = await serve(options)
    expect(await by(served)).toBe(409)
    expect([logged, served.hub.state('a')?.messages ?? 0]).toEqual([[], 0])
  })

  test('has the reason, as one line', async ({ serve }) => {
    const { url } = await serve({ receive: throws(new HubError('rejected', 'Sold\nout 🙂')) })
    const response = await post(`${url}a`, 'x')
    expect([response.status, await response.text()]).toEqual([422, 'Sold\\u{a}out 🙂\n'])
    const session = await openSession(url)
    session.send({ publish: 'a', id: 1, body: 'x' })
    expect(await session.next()).toEqual({ error: 1, status: 422, reason: 'Sold\\u{a}out 🙂' })
  })

  test('closes a WebSocket with 1008', async ({ serve, frames }) => {
    const { url } = await serve({ receive: throws(new HubError('rejected', 'Sold out.')) })
    const { socket, next, closed } = frames(`${url}a`)
    await next()
    socket.send('x')
    expect(await closed).toEqual({ code: 1008, reason: 'Sold out.' })
  })

  test('gets the same rejection when it is sent again', async ({ serve }) => {
    const receive = vi.fn<Receive>(throws(new HubError('rejected', 'Sold out.')))
    const { url } = await serve({ receive })
    for (let n = 0; n < 2; n += 1) expect((await post(`${url}a`, 'x', { 'idempotency-key': '"k"' })).status).toBe(422)
    expect(receive).toHaveBeenCalledTimes(1)
  })

  test('for now, with 429, is received again when it is sent again', async ({ serve }) => {
    const receive = vi.fn<Receive>(() => ({ id: 1 }))
    receive.mockImplementationOnce(throws(new HubError('rejected', 'Too fast.', { status: 429 })))
    const { hub, url } = await serve({ receive })
    const statuses = []
    for (let n = 0; n < 3; n += 1) statuses.push((await post(`${url}a`, 'x', { 'idempotency-key': '"k"' })).status)
    expect(statuses).toEqual([429, 202, 202])
    expect([receive.mock.calls.length, hub.state('a')?.messages]).toEqual([2, 1])
  })
})

describe('`receive` that fails costs one 500 and one line of the log, and publishes nothing:', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const evil = new Proxy(new Error('mine'), {
    getPrototypeOf() {
      throw new Error('trap')
    },
  })
  const FAILING: Record<string, () => unknown> = {
    'it throws': throws(new Error('mine')),
    'it rejects': rejects(new Error('mine')),
    'it throws nothing': throws(undefined),
    'it throws an error with a status that is none of the hub’s': throws(
      Object.assign(new Error('mine'), { status: 404 }),
    ),
    'it throws another error of the hub': throws(new HubError('invalid-channel', 'mine')),
    'it throws an error whose prototype cannot be read': throws(evil),
    'it rejects with 200': throws(new HubError('rejected', 'mine', { status: 200 })),
    'it rejects with 500': throws(new HubError('rejected', 'mine', { status: 500 })),
    'it rejects with 408, which browsers repeat': throws(new HubError('rejected', 'mine', { status: 408 })),
    'it rejects with a status that is no number': throws(new HubError('rejected', 'mine', { status: '409' as never })),
    'it returns a function': () => () => {},
    'it returns a symbol': () => Symbol('x'),
    'it returns a BigInt': () => 1n,
    'it returns a cycle': () => cyclic,
    'it returns what cannot be read': () => ({ toJSON: throws(new Error('mine')) }),
    'its promise cannot be read': () => new Proxy({}, { get: throws(new Error('mine')) }),
    'it returns more than 16,384 characters': () => 'x'.repeat(16_383),
  }
  test.for(Object.entries(FAILING))('%s', async ([, receive], { serve }) => {
    const { logged, options } = logging({ receive })
    const served = await serve(options)
    for (const by of Object.values(WAYS)) {
      logged.length = 0
      expect(await by(served)).toBe(500)
      expect(logged).toHaveLength(1)
      expect(String(logged[0]?.[0])).toBe('pinia-push: `receive` failed')
    }
    expect(served.hub.state('a')?.messages ?? 0).toBe(0)
  })

  test('it settles after ten seconds', async ({ serve }) => {
    let settle: (settled: Promise<unknown>) => void = () => {}
    const { logged, options } = logging({ receive: () => new Promise((resolve) => (settle = resolve)) })
    const { hub, url } = await serve(options)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const receiving = settle
    const response = post(`${url}a`, 'x')
    while (settle === receiving) await new Promise(setImmediate)
    await vi.advanceTimersByTimeAsync(8_000)
    vi.useRealTimers()
    expect((await response).status).toBe(500)
    settle(Promise.reject(new Error('too late')))
    await new Promise(setImmediate)
    expect([logged.length, hub.state('a')]).toEqual([1, undefined])
  })
})

describe('a message that `receive` has begun to decide', () => {
  test('is refused when the hub closes, and not published', async ({ serve }) => {
    let received = () => {}
    const isReceived = new Promise<void>((resolve) => (received = resolve))
    const { hub, port } = await serve({
      receive() {
        received()
        return new Promise(() => {})
      },
    })
    const response = raw(
      port,
      'POST /push/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx',
    )
    await isReceived
    await hub.close()
    expect(await response).toMatch(/^HTTP\/1\.1 503 /)
  })

  test('is published although its client has left', async ({ serve }) => {
    let finish = () => {}
    const { hub, url } = await serve({ receive: () => new Promise<void>((resolve) => (finish = resolve)) })
    const before = finish
    const session = await openSession(url)
    session.send({ publish: 'a', id: 1, body: 'x' })
    await waitFor(() => expect(finish).not.toBe(before))
    session.socket.terminate()
    await session.closed
    finish()
    await waitFor(() => expect(hub.state('a')?.messages).toBe(1))
  })

  test('is not dropped for the messages behind it, which are', async ({ serve }) => {
    let finish = () => {}
    const { hub, url } = await serve({
      receive: () => new Promise<void>((resolve) => (finish = resolve)),
      maxMessageBytes: 1_000,
      maxIncomingBytes: 3_000,
    })
    const before = finish
    const session = await openSession(url)
    const publisher = 'p'.repeat(32)
    session.send({ publisher, id: 1 })
    await session.next()
    // Each counts 256 bytes more than its body, and all come in one frame.
    session.send(...Array.from({ length: 20 }, (_, n) => ({ publish: 'a', id: n, number: n, body: 'x' })))
    expect((await session.closed).code).toBe(1013)
    expect(finish).not.toBe(before)
    finish()
    const next = await openSession(url)
    next.send({ publisher, id: 1 }, { publish: 'a', id: 2, number: 0, body: 'x' })
    expect((await next.take(2))[1]).toEqual({ ok: 2 })
    expect(hub.state('a')?.messages).toBe(1)
  })

  test('counts for its address, which has a quarter of the room, and always room for one', async ({ serve }) => {
    const finish: (() => void)[] = []
    const { url } = await serve({
      trustedProxies: ['127.0.0.1'],
      receive: () => new Promise<void>((resolve) => finish.push(resolve)),
      maxMessageBytes: 10_000,
      maxIncomingBytes: 20_000,
    })
    const from = (address: string, bytes: number) => post(`${url}a`, 'x'.repeat(bytes), { 'x-forwarded-for': address })
    const first = from('192.0.2.1', 10_000)
    await waitFor(() => expect(finish).toHaveLength(1))
    const refused = await from('192.0.2.1', 1)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    const other = from('192.0.2.2', 1)
    await waitFor(() => expect(finish).toHaveLength(2))
    for (const each of finish) each()
    expect([(await first).status, (await other).status]).toEqual([202, 202])
    const again = from('192.0.2.1', 1)
    await waitFor(() => expect(finish).toHaveLength(3))
    finish[2]?.()
    expect((await again).status).toBe(202)
  })
})
